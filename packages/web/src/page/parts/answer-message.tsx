// An answer: its text, its calls, its tokens, and what can be done with it.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AnswerMessage as Message } from '../conversation/message.js';
import type { Controller } from '../state/controller.js';
import { AnswerText } from './answer-text.js';
import { Branches } from './branches.js';
import { copyText } from './copy.js';
import { Facts } from './facts.js';
import { IconButton } from './icon.js';
import { memo } from './memo.js';
import { TokenView } from './token-view.js';
import { ToolCalls } from './tool-calls.js';

export interface AnswerMessageProps {
  readonly message: Message;
  /** Ids of the answers at this place, joined by spaces. */
  readonly versions: string;
  /** Results of its calls, as a JSON list: empty before they were sent. */
  readonly results: string;
  readonly isBusy: boolean;
  readonly controller: Controller;
}

export const AnswerMessage = memo((props: AnswerMessageProps): JSX.Element => {
  const { message, isBusy, controller } = props;
  const { id, content, state, tokens, toolCalls, facts } = message;
  const [showsTokens, setShowsTokens] = useState(false);
  const isComing = state === 'answering';
  return (
    <article class="message answer" aria-busy={isComing}>
      <h2 class="visually-hidden">Answer</h2>
      {isComing && content === '' && toolCalls.length === 0 && <p class="waiting">Thinking</p>}
      {showsTokens && tokens.length > 0 ? (
        <TokenView tokens={tokens} />
      ) : (
        content !== '' && <AnswerText text={content} isComing={isComing} />
      )}
      {toolCalls.length > 0 && (
        <ToolCalls
          calls={toolCalls}
          results={JSON.parse(props.results)}
          isBusy={isBusy}
          onSend={(results) => controller.sendResults(id, results)}
        />
      )}
      <Outcome message={message} />
      <div class="actions">
        <Branches ids={props.versions.split(' ')} shown={id} what="answer" onChoose={controller.choose} />
        {!isComing && (
          <>
            <IconButton
              icon="again"
              label="Answer again"
              isDisabled={isBusy}
              onClick={() => controller.regenerate(id)}
            />
            <IconButton
              icon="copy"
              label="Copy"
              isDisabled={content === ''}
              onClick={() => copy(content, controller)}
            />
          </>
        )}
        <IconButton
          icon="tokens"
          label="Tokens"
          isPressed={showsTokens}
          isDisabled={tokens.length === 0}
          onClick={() => setShowsTokens(!showsTokens)}
        />
        {facts !== null && <Facts facts={facts} />}
      </div>
    </article>
  );
});

/** Why an answer is not whole, or has no text. */
function Outcome({ message }: { readonly message: Message }): JSX.Element | null {
  const { state, error, content, toolCalls } = message;
  switch (state) {
    case 'done':
      if (content !== '' || toolCalls.length > 0) return null;
      return <p class="outcome">The model ended its answer before the first word.</p>;
    case 'stopped':
      return <p class="outcome">Stopped.</p>;
    case 'interrupted':
      return <p class="outcome">The page was closed before the answer ended.</p>;
    case 'failed':
      return (
        <p class="outcome problem" role="alert">
          {error}
        </p>
      );
    default:
      return null;
  }
}

async function copy(text: string, controller: Controller): Promise<void> {
  if (await copyText(text)) controller.say('Copied.');
  else controller.say('The browser did not let the page copy.', true);
}
