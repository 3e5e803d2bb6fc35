// Why an answer ended, in OpenAI's words.

import type { EndReason } from '@llama-ts/runtime';

/** OpenAI's reasons. */
export type FinishReason = 'stop' | 'length' | 'tool_calls';

/** A full context is a length, as there: whatever the limit was, the answer is not whole. */
export function finishReasonOf(reason: EndReason): 'stop' | 'length' {
  return reason === 'length' || reason === 'context' ? 'length' : 'stop';
}
