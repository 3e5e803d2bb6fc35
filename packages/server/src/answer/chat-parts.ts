// What the answers of a chat say, part by part: a stream sends the parts, a whole response joins them.

import type { GenerateEndEvent, GenerateEvent, Model, TokenEvent } from '@llama-ts/runtime';
import { type FinishReason, finishReasonOf } from './finish-reason.js';
import { type ChatLogprob, chatLogprob } from './logprobs.js';
import type { Merged } from './merge-streams.js';
import { type Delta, PYTHON_TAG, type Speaker } from './speaker.js';

/** A part of one choice. */
export interface ChatPart {
  readonly index: number;
  readonly delta: Delta;
  readonly logprobs: readonly ChatLogprob[] | null;
  /** null until the last part of the choice. */
  readonly finishReason: FinishReason | null;
  /** The engine's word on it, with the last part. */
  readonly end: GenerateEndEvent | null;
}

const nothing: Delta = {};

/** @param speakers (choices) */
export async function* chatParts(
  events: AsyncIterable<Merged<GenerateEvent>>,
  speakers: readonly Speaker[],
  { tokenizer }: Model,
): AsyncGenerator<ChatPart, void, void> {
  const tagId = tokenizer?.specialId(PYTHON_TAG);
  for await (const { index, event } of events) {
    const speaker = speakers[index]!;
    if (event.type === 'token') {
      const deltas = speaker.push(event.text, event.id === tagId);
      yield* parts(index, deltas, logprobsOf(event));
    } else if (event.type === 'end') {
      const reason = finishReasonOf(event.reason);
      const deltas = [...speaker.push(event.text), ...speaker.end(reason === 'stop')];
      yield* parts(index, deltas, null);
      const finishReason = reason === 'stop' && speaker.hasCalls ? 'tool_calls' : reason;
      yield { index, delta: nothing, logprobs: null, finishReason, end: event };
    }
  }

  function logprobsOf({ logprobs }: TokenEvent): readonly ChatLogprob[] | null {
    return logprobs === undefined ? null : [chatLogprob(logprobs, tokenizer)];
  }
}

/** The first one carries the log-probabilities, without text if none can be sent yet. */
function* parts(index: number, deltas: readonly Delta[], logprobs: readonly ChatLogprob[] | null): Generator<ChatPart> {
  const all = deltas.length === 0 && logprobs !== null ? [nothing] : deltas;
  for (const [i, delta] of all.entries()) {
    yield { index, delta, logprobs: i === 0 ? logprobs : null, finishReason: null, end: null };
  }
}
