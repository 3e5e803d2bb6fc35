// Shows an answer as it is generated, and reports its speed and its log-probabilities.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AnswerResult, createAnswerCollector, type GenerateEvent, type Model } from '@llama-ts/runtime';
import { lookupWords } from '../flags/lookup-flag.js';

/** Follows a generation to its end and gives each piece of text to `show`. */
export async function speak(events: AsyncIterable<GenerateEvent>, show: (text: string) => void): Promise<AnswerResult> {
  const collector = createAnswerCollector();
  for await (const event of events) {
    collector.add(event);
    if (event.type === 'prompt-end') continue;
    show(event.text);
    await nextTurn(); // lets Ctrl-C through: kernels on this thread never wait
  }
  return collector.result!;
}

/** One line on an answer's speed. */
export function speedLine(speech: AnswerResult, model: Model): string {
  const { ids, milliseconds, nPromptTokens, promptMilliseconds, speculation } = speech;
  const prompt = `prompt ${nPromptTokens} tokens, ${rate(nPromptTokens, promptMilliseconds)} tok/s`;
  const answer = `generated ${ids.length} tokens, ${rate(ids.length, milliseconds)} tok/s`;
  return `${prompt}; ${answer} (${model.backend})${lookupWords(speculation)}`;
}

function rate(n: number, milliseconds: number): string {
  return milliseconds > 0 ? ((1000 * n) / milliseconds).toFixed(1) : '0.0';
}
