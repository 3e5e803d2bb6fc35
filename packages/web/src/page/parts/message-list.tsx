// The messages that are shown, and a place at their end that stays in view while an answer comes.

import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message, Messages } from '../conversation/message.js';
import { branchesOf, shownPath } from '../conversation/tree.js';
import type { Controller } from '../state/controller.js';
import type { PageState } from '../state/page-state.js';
import { AnswerMessage } from './answer-message.js';
import { IconButton } from './icon.js';
import { UserMessage } from './user-message.js';

/** A reader this near to the end reads along. */
const NEAR_PIXELS = 80;

export interface MessageListProps {
  readonly state: PageState;
  readonly controller: Controller;
}

export function MessageList({ state, controller }: MessageListProps): JSX.Element {
  const { conversation, messages, answering, model, engine } = state;
  const scroll = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const [isAway, setIsAway] = useState(false);
  const path = shownPath(messages, conversation.chosen);
  const isBusy = answering.has(conversation.id);
  const toEnd = (): void => {
    scroll.current!.scrollTop = scroll.current!.scrollHeight;
  };

  // Another conversation, or a message of one's own, is shown from its end on.
  const lastOwn = path.findLast(({ role }) => role === 'user')?.id;
  useLayoutEffect(() => {
    isAtEnd.current = true;
    toEnd();
  }, [conversation.id, lastOwn]);
  useLayoutEffect(() => {
    if (isAtEnd.current) toEnd();
  }, [messages, path.length]);

  return (
    <div class="scroll-frame">
      <section
        ref={scroll}
        class="scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
        tabIndex={0}
        aria-label="Messages"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PIXELS;
          setIsAway(!isAtEnd.current);
        }}
      >
        <div class="column">
          {path.length === 0 && <Welcome modelName={model?.name ?? null} isInTab={engine.kind === 'tab'} />}
          {path.map((message, i) => (
            <OneMessage
              key={message.id}
              {...{ message, messages, isBusy, controller }}
              results={resultsAfter(path, i)}
            />
          ))}
        </div>
      </section>
      {isAway && <IconButton icon="down" label="To the end" class="to-end" onClick={toEnd} />}
    </div>
  );
}

interface OneMessageProps {
  readonly message: Message;
  readonly messages: Messages;
  readonly results: string;
  readonly isBusy: boolean;
  readonly controller: Controller;
}

function OneMessage({ message, messages, results, isBusy, controller }: OneMessageProps): JSX.Element | null {
  const versions = branchesOf(messages, message)
    .map(({ id }) => id)
    .join(' ');
  switch (message.role) {
    case 'user':
      return <UserMessage {...{ message, versions, isBusy, controller }} />;
    case 'assistant':
      return <AnswerMessage {...{ message, versions, results, isBusy, controller }} />;
    // A result stands with its call.
    case 'tool':
      return null;
  }
}

/** Results of the calls of a message, as a JSON list. */
function resultsAfter(path: readonly Message[], index: number): string {
  const message = path[index]!;
  const nCalls = message.role === 'assistant' ? message.toolCalls.length : 0;
  const results = path.slice(index + 1, index + 1 + nCalls).filter(({ role }) => role === 'tool');
  return JSON.stringify(results.map(({ content }) => content));
}

interface WelcomeProps {
  readonly modelName: string | null;
  readonly isInTab: boolean;
}

function Welcome({ modelName, isInTab }: WelcomeProps): JSX.Element {
  return (
    <div class="welcome">
      <p class="welcome-title">{modelName === null ? 'Hello.' : `You are talking to ${modelName}.`}</p>
      <p>
        {isInTab
          ? 'The model runs in this tab. Nothing that you write leaves it.'
          : 'It runs on your server. Nothing that you write goes anywhere else.'}
      </p>
      <p>The same messages, settings and seed give the same answer.</p>
    </div>
  );
}
