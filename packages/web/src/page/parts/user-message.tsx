// A message of the user, which can be edited: the edited one is sent in its place, and the former one stays as a branch.

import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { UserMessage as Message } from '../conversation/message.js';
import type { Controller } from '../state/controller.js';
import { Branches } from './branches.js';
import { IconButton } from './icon.js';
import { memo } from './memo.js';

export interface UserMessageProps {
  readonly message: Message;
  /** Ids of the versions of the message, joined by spaces. */
  readonly versions: string;
  /** Whether an answer is coming, so that nothing can be sent. */
  readonly isBusy: boolean;
  readonly controller: Controller;
}

export const UserMessage = memo(({ message, versions, isBusy, controller }: UserMessageProps): JSX.Element => {
  const [isEdited, setIsEdited] = useState(false);
  const { id, content } = message;
  return (
    <article class="message user">
      <h2 class="visually-hidden">You</h2>
      {isEdited ? (
        <EditForm
          content={content}
          onCancel={() => setIsEdited(false)}
          onSend={(text) => {
            setIsEdited(false);
            controller.edit(id, text);
          }}
        />
      ) : (
        <>
          <p class="bubble">{content}</p>
          <div class="actions">
            <Branches ids={versions.split(' ')} shown={id} what="message" onChoose={controller.choose} />
            <IconButton icon="edit" label="Edit" isDisabled={isBusy} onClick={() => setIsEdited(true)} />
          </div>
        </>
      )}
    </article>
  );
});

interface EditFormProps {
  readonly content: string;
  readonly onCancel: () => void;
  readonly onSend: (text: string) => void;
}

function EditForm({ content, onCancel, onSend }: EditFormProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    field.current!.focus();
    field.current!.setSelectionRange(content.length, content.length);
  }, []);
  const send = (): void => {
    const text = field.current!.value;
    if (text.trim() !== '') onSend(text);
  };
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        send();
      }}
    >
      <textarea ref={field} aria-label="Edited message" class="grows" defaultValue={content} />
      <div class="row">
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class="button primary">
          Send
        </button>
      </div>
    </form>
  );
}
