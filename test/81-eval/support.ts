// Models whose every probability is known, and the sample model as files.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type EvalEvent, type EvaluateTextOptions, type Evaluation, evaluateText } from '@llama-ts/evaluate';
import { exportModel, openCheckpoint } from '@llama-ts/exporter';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { drain } from '../helpers/generators.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-eval-test-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** Path of the sample model as a .bin file, made once. */
export async function sampleFile(version: 1 | 2): Promise<string> {
  const output = path.join(folder, `sample-v${version}.bin`);
  if (fs.existsSync(output)) return output;
  const source = await openCheckpoint(sampleModelPath, { source: sampleModelName });
  for await (const _ of exportModel({ source, output, version }));
  await source.close();
  return output;
}

/** Path of a scratch file. */
export function scratchFile(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
}

/** How a {@link createFakeModel} predicts: logits after the tokens so far, (vocabSize). */
export type Predict = (context: readonly number[]) => readonly number[];

/** A model that is a function, without a tokenizer. It keeps the contract of `forward`: a cache, passes of any size. */
export function createFakeModel(
  vocabSize: number,
  predict: Predict,
  settings: { bosId?: number; eosIds?: number[] } = {},
) {
  const passes: { position: number; tokens: number[]; logits: string }[] = [];
  const contexts = new Map<unknown, number[]>();
  const fake = {
    header: { dimensions: { vocabSize } },
    settings: { bosId: settings.bosId ?? null, eosIds: settings.eosIds ?? [] },
    tokenizer: null,
    contextLength: 4096,
    createCache: () => ({}),
    async forward(
      [sequence]: { cache: unknown; position: number; tokens: number[] }[],
      { logits = 'last', signal }: { logits?: string; signal?: AbortSignal } = {},
    ) {
      signal?.throwIfAborted();
      const { cache, position, tokens } = sequence!;
      passes.push({ position, tokens: [...tokens], logits });
      const context = (contexts.get(cache) ?? []).slice(0, position);
      if (context.length !== position) throw new Error(`position ${position} after ${context.length} tokens`);
      const rows = tokens.map((token) => {
        context.push(token);
        return predict(context);
      });
      contexts.set(cache, context);
      return Float32Array.from((logits === 'none' ? [] : logits === 'last' ? rows.slice(-1) : rows).flat());
    },
  };
  return { model: fake as unknown as Model, passes };
}

/** Runs an evaluation to its end. */
export async function evaluate(
  model: Model,
  text: string | readonly number[],
  options: EvaluateTextOptions = {},
): Promise<Evaluation & { readonly events: readonly EvalEvent[] }> {
  const { events, result } = await drain(evaluateText(model, text, options));
  return { ...result, events };
}

export const coded = (code: string) => (error: unknown) => (error as { code?: string }).code === code;
