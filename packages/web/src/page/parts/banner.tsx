// What stands between the user and an answer: a server that is down, a key or a model that is missing, a browser that keeps
// nothing.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import type { PageState } from '../state/page-state.js';
import { TabStatus } from './tab-status.js';

export interface BannerProps {
  readonly state: PageState;
  readonly controller: Controller;
  /** Opens the choice of a model. */
  readonly onModel: () => void;
}

export function Banner({
  state: { status, hasKey, isKept, tab, engine },
  controller,
  onModel,
}: BannerProps): JSX.Element {
  return (
    <div class="banners">
      <div role="status">
        {status === 'down' && (
          <p class="banner problem">
            <span>
              The server does not answer. Conversations can be read; an answer has to wait until it runs again.
            </span>
            <button type="button" class="button" onClick={controller.checkConnection}>
              Try now
            </button>
          </p>
        )}
        {!isKept && <p class="banner">This browser keeps nothing: conversations end with the page.</p>}
      </div>
      {status === 'absent' && (
        <div class="banner">
          {engine.kind === 'tab' ? <TabStatus model={tab.model} /> : <p role="status">No server is chosen yet.</p>}
          <button type="button" class="button primary" onClick={onModel}>
            Choose a model
          </button>
        </div>
      )}
      {status === 'key' && <KeyForm isWrong={hasKey} onKey={controller.setKey} />}
    </div>
  );
}

function KeyForm({
  isWrong,
  onKey,
}: {
  readonly isWrong: boolean;
  readonly onKey: (key: string) => void;
}): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  return (
    <form
      class="banner"
      onSubmit={(event) => {
        event.preventDefault();
        onKey(field.current!.value.trim());
      }}
    >
      <label for="key">{isWrong ? 'The server does not know this key.' : 'The server needs a key.'}</label>
      <input ref={field} id="key" type="password" autocomplete="off" required placeholder="Key" />
      <button type="submit" class="button primary">
        Use it
      </button>
    </form>
  );
}
