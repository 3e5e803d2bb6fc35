// How much of the model's context the conversation fills.

import type { JSX } from 'preact';
import { shownPath } from '../conversation/tree.js';
import type { PageState } from '../state/page-state.js';
import { number } from './facts.js';

export function ContextMeter({ state }: { readonly state: PageState }): JSX.Element {
  const { messages, conversation, model } = state;
  const last = shownPath(messages, conversation.chosen).findLast(
    (message) => message.role === 'assistant' && message.facts !== null && message.facts.promptTokens > 0,
  );
  const facts = last?.role === 'assistant' ? last.facts : null;
  const length = facts?.contextLength ?? model?.contextLength ?? 0;
  if (facts === null || length === 0) {
    return <p class="context">Enter sends, Shift and Enter begin a new line.</p>;
  }
  const used = facts.promptTokens + facts.answerTokens;
  return (
    <p class="context">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, (used / length) * 100)}%` }} />
      </span>
      <span>
        {number(used)} of {number(length)} tokens of context
      </span>
    </p>
  );
}
