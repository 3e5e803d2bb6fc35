// Where a message is written, and an answer stopped.

import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import type { PageState } from '../state/page-state.js';
import { ContextMeter } from './context-meter.js';
import { IconButton } from './icon.js';

export interface ComposerProps {
  readonly state: PageState;
  readonly controller: Controller;
}

export function Composer({ state, controller }: ComposerProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  const [isEmpty, setIsEmpty] = useState(true);
  const { id } = state.conversation;
  const isBusy = state.answering.has(id);
  // Before the first frame: who types at once has the focus.
  useLayoutEffect(() => {
    // Not on a touch screen, where a keyboard would come up.
    if (matchMedia('(hover: hover)').matches) field.current!.focus();
  }, [id]);

  const send = (): void => {
    const text = field.current!.value;
    if (isBusy || text.trim() === '') return;
    field.current!.value = '';
    setIsEmpty(true);
    controller.send(text);
  };
  return (
    <form
      class="composer column"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isBusy) controller.stop();
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.target !== field.current) return;
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-box">
        <textarea
          ref={field}
          class="grows"
          rows={1}
          aria-label="Message"
          placeholder="Write a message"
          onInput={({ currentTarget }) => setIsEmpty(currentTarget.value.trim() === '')}
        />
        {isBusy ? (
          <IconButton icon="stop" label="Stop" class="send" onClick={controller.stop} />
        ) : (
          <IconButton icon="send" label="Send" class="send" isDisabled={isEmpty} onClick={send} />
        )}
      </div>
      <ContextMeter state={state} />
    </form>
  );
}
