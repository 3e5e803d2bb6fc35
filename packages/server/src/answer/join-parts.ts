// The choices of a whole response, joined of the parts that a stream would send.

import type { ChatPart } from './chat-parts.js';
import { digestOf } from './digest-of.js';
import type { FinishReason } from './finish-reason.js';
import type { ChatLogprob } from './logprobs.js';
import type { Delta } from './speaker.js';

/** A choice of a chat completion. */
export interface ChatChoice {
  readonly index: number;
  readonly message: {
    readonly role: 'assistant';
    readonly content: string | null;
    readonly refusal: null;
    readonly tool_calls?: readonly JoinedCall[];
  };
  readonly logprobs: { readonly content: readonly ChatLogprob[]; readonly refusal: null } | null;
  readonly finish_reason: FinishReason;
  /** sha256 of its tokens and their logits, where the request asks for it. */
  readonly digest?: string;
}

interface JoinedCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; arguments: string };
}

interface Draft {
  content: string;
  readonly calls: JoinedCall[];
  readonly logprobs: ChatLogprob[];
  finishReason: FinishReason;
  digest: { readonly digest?: string };
}

/** @param hasLogprobs whether the request asked for them: an answer of no tokens has an empty list */
export async function joinParts(
  parts: AsyncIterable<ChatPart>,
  nChoices: number,
  hasLogprobs: boolean,
): Promise<ChatChoice[]> {
  const drafts = Array.from({ length: nChoices }, (): Draft => {
    return { content: '', calls: [], logprobs: [], finishReason: 'stop', digest: {} };
  });
  for await (const { index, delta, logprobs, finishReason, end } of parts) {
    const draft = drafts[index]!;
    add(draft, delta);
    draft.logprobs.push(...(logprobs ?? []));
    draft.finishReason = finishReason ?? draft.finishReason;
    if (end !== null) draft.digest = digestOf(end);
  }
  return drafts.map(({ content, calls, logprobs, finishReason, digest }, index) => ({
    index,
    message: {
      role: 'assistant',
      content: calls.length > 0 && content === '' ? null : content,
      refusal: null,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
    logprobs: hasLogprobs ? { content: logprobs, refusal: null } : null,
    finish_reason: finishReason,
    ...digest,
  }));
}

function add(draft: Draft, { content = '', tool_calls: calls = [] }: Delta): void {
  draft.content += content;
  for (const { index, id, function: called } of calls) {
    const known = draft.calls[index];
    if (known !== undefined) known.function.arguments += called.arguments;
    else {
      const { name = '', arguments: given } = called;
      draft.calls[index] = { id: id!, type: 'function', function: { name, arguments: given } };
    }
  }
}
