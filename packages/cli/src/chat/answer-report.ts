// Follows an answer as it is spoken, and reports what it was and how long it took.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChatEvent, EndReason, GenerateEndEvent, SpeculationReport, TurnsDroppedEvent } from '@llama-ts/runtime';

/** What an answer was. */
export interface AnswerReport {
  readonly text: string;
  /** Tokens generated, the end token left out. */
  readonly ids: readonly number[];
  readonly endReason: EndReason | 'interrupted';
  /** With a constraint: whether the answer meets it. */
  readonly meetsConstraint?: boolean;
  /** With `--lookup`: how its drafts went. */
  readonly speculation?: SpeculationReport;
  readonly nPromptTokens: number;
  /** Of them, those whose keys and values were there already. */
  readonly nCachedTokens: number;
  readonly promptMilliseconds: number;
  readonly milliseconds: number;
}

/** How to follow an answer. */
export interface FollowOptions {
  readonly show: (text: string) => void;
  /** Told of turns that were dropped to make room. */
  readonly onDropped: (event: TurnsDroppedEvent) => void;
  /** Aborted to stop this answer, and keep it. */
  readonly stop: AbortSignal;
}

/** @returns null for an answer that was stopped before it began */
export async function followAnswer(
  events: AsyncIterable<ChatEvent>,
  { show, onDropped, stop }: FollowOptions,
): Promise<AnswerReport | null> {
  const ids: number[] = [];
  let text = '';
  let report = null as AnswerReport | null;
  let start = performance.now();
  try {
    for await (const event of events) {
      if (event.type === 'turns-dropped') onDropped(event);
      else if (event.type === 'prompt-end') {
        const { nTokens: nPromptTokens, nCached: nCachedTokens, milliseconds: promptMilliseconds } = event;
        const prompt = { nPromptTokens, nCachedTokens, promptMilliseconds };
        report = { text, ids, endReason: 'interrupted', ...prompt, milliseconds: 0 };
        start = performance.now();
      } else {
        if (event.type === 'token') ids.push(event.id);
        else if (report !== null) report = { ...report, ...endOf(event) };
        text += event.text;
        show(event.text);
        await nextTurn(); // lets Ctrl-C through: kernels on this thread never wait
      }
    }
  } catch (error) {
    if (!stop.aborted || error !== stop.reason) throw error;
  }
  return report && { ...report, text, milliseconds: performance.now() - start };
}

type Ending = Pick<AnswerReport, 'endReason' | 'meetsConstraint' | 'speculation'>;

function endOf({ reason, meetsConstraint, speculation }: GenerateEndEvent): Ending {
  return {
    endReason: reason,
    ...(meetsConstraint === undefined ? {} : { meetsConstraint }),
    ...(speculation === undefined ? {} : { speculation }),
  };
}
