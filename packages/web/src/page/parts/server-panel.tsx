// Which server answers, and whether it does.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import { isStaticPage } from '../state/page-host.js';
import type { ConnectionStatus, PageState } from '../state/page-state.js';
import { Field } from './field.js';

const words: Readonly<Record<ConnectionStatus, string>> = {
  connecting: 'Asking the server for its model …',
  up: 'The server answers.',
  down: 'The server does not answer.',
  key: 'The server needs a key: the page asks for it.',
  absent: 'No server is chosen yet.',
};

export function ServerPanel({
  state: { status, model, engine },
  controller,
}: {
  readonly state: PageState;
  readonly controller: Controller;
}): JSX.Element {
  const field = useRef<HTMLFormElement>(null);
  const use = (event: Event): void => {
    event.preventDefault();
    const given = field.current!.querySelector('input')!.value.trim().replace(/\/+$/, '');
    controller.useEngine({ kind: 'server', address: given.replace(/\/v1$/, '') });
  };
  return (
    <>
      {isStaticPage() && (
        <form ref={field} class="settings" onSubmit={use}>
          <Field
            label="Address"
            name="address"
            hint="of llama serve, which has to allow this page: llama serve --allow-origin with the address above"
          >
            {(props) => (
              <input
                {...props}
                type="url"
                required
                placeholder="http://127.0.0.1:8080"
                defaultValue={engine.kind === 'server' ? engine.address : ''}
              />
            )}
          </Field>
          <div class="row">
            <button type="submit" class="button primary">
              Use it
            </button>
          </div>
        </form>
      )}
      <p role="status">{words[status]}</p>
      {model !== null && <ModelFactsList name={model.name} contextLength={model.contextLength} sha256={model.sha256} />}
    </>
  );
}

/** What is known of a model. */
export function ModelFactsList(facts: {
  readonly name: string;
  readonly contextLength: number;
  readonly sha256: string;
}): JSX.Element {
  return (
    <dl class="model-facts">
      <div>
        <dt>Name</dt>
        <dd>{facts.name}</dd>
      </div>
      <div>
        <dt>Context</dt>
        <dd>{facts.contextLength.toLocaleString('en')} tokens</dd>
      </div>
      {facts.sha256 !== '' && (
        <div>
          <dt>sha256</dt>
          <dd>
            <code>{facts.sha256}</code>
          </dd>
        </div>
      )}
    </dl>
  );
}
