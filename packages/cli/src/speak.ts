// Generates an answer and shows it as it comes.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EndReason, GenerateEvent, Model, SpeculationReport, TokenLogProbabilities } from '@llama-ts/runtime';
import { lookupWords } from './lookup-flag.js';
import { visible } from './terminal-safe.js';

/** What an answer was and how long it took. */
export interface Speech {
  readonly text: string;
  /** Tokens generated, the end token left out. */
  readonly ids: readonly number[];
  readonly endReason: EndReason;
  /** The stop string or id that ended it, if one did. */
  readonly stop: string | number | null;
  /** With a constraint: whether the answer meets it. */
  readonly meetsConstraint?: boolean;
  /** With `--logprobs`: one per token. */
  readonly logprobs?: readonly TokenLogProbabilities[];
  /** With `--lookup`: how its drafts went. */
  readonly speculation?: SpeculationReport;
  readonly nPromptTokens: number;
  readonly promptMilliseconds: number;
  readonly milliseconds: number;
}

/** Follows a generation to its end and gives each piece of text to `show`. */
export async function speak(events: AsyncIterable<GenerateEvent>, show: (text: string) => void): Promise<Speech> {
  let speech: Speech = {
    text: '',
    ids: [],
    endReason: 'length',
    stop: null,
    nPromptTokens: 0,
    promptMilliseconds: 0,
    milliseconds: 0,
  };
  const ids: number[] = [];
  const logprobs: TokenLogProbabilities[] = [];
  for await (const event of events) {
    if (event.type === 'prompt-end') {
      speech = { ...speech, nPromptTokens: event.nTokens, promptMilliseconds: event.milliseconds };
      continue;
    }
    if (event.type === 'token') {
      ids.push(event.id);
      if (event.logprobs !== undefined) logprobs.push(event.logprobs);
    } else {
      const { reason: endReason, stop, milliseconds, speculation, meetsConstraint } = event;
      speech = {
        ...speech,
        endReason,
        stop,
        milliseconds,
        ...(meetsConstraint === undefined ? {} : { meetsConstraint }),
        ...(speculation === undefined ? {} : { speculation }),
      };
    }
    speech = { ...speech, text: speech.text + event.text };
    show(event.text);
    await nextTurn(); // lets Ctrl-C through: kernels on this thread never wait
  }
  return { ...speech, ids, ...(logprobs.length === 0 ? {} : { logprobs }) };
}

/** Log-probabilities at one position, with what the tokens are. */
export interface NamedLogprobs {
  readonly id: number;
  readonly text: string;
  readonly logProbability: number;
  readonly top: readonly { readonly id: number; readonly text: string; readonly logProbability: number }[];
}

/** Those of an answer, if they were asked for, for a report. */
export function namedLogprobs(
  { tokenizer }: Model,
  { ids, logprobs }: Speech,
): { logprobs?: readonly NamedLogprobs[] } {
  if (logprobs === undefined) return {};
  const textOf = (id: number): string => tokenizer?.decode([id]) ?? '';
  return {
    logprobs: logprobs.map(({ logProbability, top }, i) => ({
      id: ids[i]!,
      text: textOf(ids[i]!),
      logProbability,
      top: top.map(({ id, logProbability }) => ({ id, text: textOf(id), logProbability })),
    })),
  };
}

/** Writes text to stdout; on a terminal without the control characters that a model could steer it with. */
export function writeText(text: string, { raw }: { readonly raw: boolean }): void {
  process.stdout.write(process.stdout.isTTY && !raw ? visible(text) : text);
}

/** One line on an answer's speed. */
export function speedLine(speech: Speech, model: Model): string {
  const { ids, milliseconds, nPromptTokens, promptMilliseconds, speculation } = speech;
  const prompt = `prompt ${nPromptTokens} tokens, ${rate(nPromptTokens, promptMilliseconds)} tok/s`;
  const answer = `generated ${ids.length} tokens, ${rate(ids.length, milliseconds)} tok/s`;
  return `${prompt}; ${answer} (${model.backend})${lookupWords(speculation)}`;
}

function rate(n: number, milliseconds: number): string {
  return milliseconds > 0 ? ((1000 * n) / milliseconds).toFixed(1) : '0.0';
}
