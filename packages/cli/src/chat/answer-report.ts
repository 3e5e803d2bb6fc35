// Shows a chat's answer as it is generated, and reports it; an answer may be stopped.

import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AnswerResult,
  type ChatEvent,
  createAnswerCollector,
  type EndReason,
  type TurnsDroppedEvent,
} from '@llama-ts/runtime';

/** An answer as `--json` prints it. */
export interface AnswerReport extends Omit<AnswerResult, 'endReason' | 'stop' | 'nTokens' | 'logprobs'> {
  readonly endReason: EndReason | 'interrupted';
}

/** How to follow an answer. */
export interface FollowOptions {
  readonly show: (text: string) => void;
  /** Called when turns were dropped to free context. */
  readonly onDropped: (event: TurnsDroppedEvent) => void;
  /** Aborted to stop this answer, and keep it. */
  readonly stop: AbortSignal;
}

/** @returns null for an answer that was stopped before it began */
export async function followAnswer(
  events: AsyncIterable<ChatEvent>,
  { show, onDropped, stop }: FollowOptions,
): Promise<AnswerReport | null> {
  const collector = createAnswerCollector();
  let start = performance.now();
  try {
    for await (const event of events) {
      if (event.type === 'turns-dropped') {
        onDropped(event);
        continue;
      }
      collector.add(event);
      if (event.type === 'prompt-end') start = performance.now();
      else {
        show(event.text);
        await nextTurn(); // lets Ctrl-C through: kernels on this thread never wait
      }
    }
  } catch (error) {
    if (!stop.aborted || error !== stop.reason) throw error;
  }
  if (collector.result === null) return null;
  const { endReason, stop: _stop, nTokens: _counted, logprobs: _unasked, ...report } = collector.result;
  return { ...report, endReason: endReason ?? 'interrupted', milliseconds: performance.now() - start };
}
