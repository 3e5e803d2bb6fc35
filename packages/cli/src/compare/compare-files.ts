// Measures several model files on one text: as many open at once as memory holds next to the baseline.

import { stat } from 'node:fs/promises';
import { commandLine, freeMemory, ToolkitError } from '@llama-ts/base';
import {
  checkVocabularies,
  compareModels,
  type Divergence,
  type Estimate,
  type EvalEvent,
  groupsThatFit,
  type ModelComparison,
  onFront,
  type RefuseTokenizer,
  type TextOptions,
} from '@llama-ts/evaluate';
import { bitsPerWeightOf, layout } from '@llama-ts/format';
import type { Model } from '@llama-ts/runtime';
import type { Spread } from '../bench/statistics.js';

/** What a model takes beside its weights: logits of a pass, its buffers and its KV cache, about. */
const BESIDE_WEIGHTS_BYTES = 256 * 2 ** 20;

/** One file of a comparison. */
export interface ComparedModel {
  readonly model: string;
  readonly version: number;
  readonly byteLength: number;
  /** Over all matrices. */
  readonly bitsPerWeight: number;
  readonly perplexity: Estimate;
  /** The divergence from the baseline; null for the baseline itself. */
  readonly divergence: Divergence | null;
  /** Decode speed; null if it was not measured. */
  readonly tokensPerSecond: Spread | null;
  /** Whether no other file is smaller and at least as near to the baseline. */
  readonly isOnFront: boolean;
}

/** A file to compare. */
export interface ComparedFile {
  /** As it was typed. */
  readonly typed: string;
  /** As it is shown. */
  readonly name: string;
  readonly path: string;
}

/** Output of `--json`. */
export interface CompareReport {
  readonly baseline: string;
  readonly text: string;
  readonly backend: string;
  readonly threads: number;
  readonly nTokens: number;
  readonly nWindows: number;
  readonly window: number;
  readonly stride: number;
  /** The baseline first. */
  readonly models: readonly ComparedModel[];
}

/** Options of {@link compareFiles}. */
export interface CompareFilesOptions extends TextOptions {
  readonly open: (path: string) => Promise<Model>;
  /** The decode speeds of models in turn; null to leave them out. */
  readonly speeds: ((models: readonly Model[]) => Promise<Spread[]>) | null;
  /** Bytes that all models together may take; default the free memory. */
  readonly memoryBytes?: number | undefined;
}

/** What is known of one file before it is placed among the others. */
type Measured = Omit<ComparedModel, 'isOnFront'>;

/**
 * Compares files with the first of them. Where memory does not hold all, the baseline reads the text again for each group that
 * fits; the figures are the same.
 *
 * @param files at least two, the baseline first
 * @param text the text itself, and what it is called
 */
export async function* compareFiles(
  files: readonly [ComparedFile, ComparedFile, ...ComparedFile[]],
  text: { readonly name: string; readonly content: string },
  options: CompareFilesOptions,
): AsyncGenerator<EvalEvent, CompareReport, void> {
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size));
  const [baselineSize = 0, ...otherSizes] = sizes.map((size) => size + BESIDE_WEIGHTS_BYTES);
  const groups = groupsThatFit(otherSizes, (options.memoryBytes ?? freeMemory()) - baselineSize);
  const [baselineFile, ...others] = files;
  const measured: Measured[] = [];
  let facts: Omit<CompareReport, 'models' | 'baseline' | 'text'> | undefined;

  const baseline = await options.open(baselineFile.path);
  try {
    if (groups.length > 1) await checkEach(files, baseline, text.name, options);
    for (const [g, group] of groups.entries()) {
      const members = group.map((i) => others[i]!);
      const models: Model[] = [];
      try {
        for (const { path } of members) models.push(await options.open(path));
        const refuse: RefuseTokenizer = (what, i) => differentTokenizers(members[i]!, files, what, text.name);
        const events = compareModels(baseline, models as [Model, ...Model[]], text.content, { ...options, refuse });
        const found = yield* inPart(events, g, groups.length);
        const isFirst = facts === undefined;
        const timed = isFirst ? [baseline, ...models] : models;
        const speeds = (await options.speeds?.(timed)) ?? timed.map(() => null);
        if (isFirst) {
          const { nTokens, nWindows, window, stride, baselinePerplexity: perplexity } = found;
          const { backend, threads } = baseline;
          facts = { backend, threads, nTokens, nWindows, window, stride };
          const result = { perplexity, divergence: null, tokensPerSecond: speeds[0]! };
          measured.push({ ...fileFacts(baselineFile.name, baseline, sizes[0]!), ...result });
        }
        for (const [i, model] of models.entries()) {
          const tokensPerSecond = speeds[timed.length - models.length + i]!;
          const file = fileFacts(members[i]!.name, model, sizes[1 + group[i]!]!);
          measured.push({ ...file, ...found.models[i]!, tokensPerSecond });
        }
      } finally {
        for (const model of models) await model.close();
      }
    }
  } finally {
    await baseline.close();
  }
  const front = onFront(
    measured.map(({ byteLength, divergence }) => ({ byteLength, kl: divergence?.kl.mean.value ?? 0 })),
  );
  const models = measured.map((model, i) => ({ ...model, isOnFront: front[i]! }));
  return { baseline: baselineFile.name, text: text.name, ...facts!, models };
}

/** Opens each file in turn and refuses one of another vocabulary, before hours are spent on those before it. */
async function checkEach(
  files: readonly ComparedFile[],
  baseline: Model,
  text: string,
  { open }: CompareFilesOptions,
): Promise<void> {
  for (const file of files.slice(1)) {
    const model = await open(file.path);
    try {
      checkVocabularies([model], baseline, (what) => differentTokenizers(file, files, what, text));
    } finally {
      await model.close();
    }
  }
}

function fileFacts(model: string, { header }: Model, byteLength: number) {
  return { model, version: header.version, byteLength, bitsPerWeight: bitsPerWeightOf(layout(header)) };
}

/** Progress of one of several passes over the text as a part of them all. */
async function* inPart(
  events: AsyncGenerator<EvalEvent, ModelComparison, void>,
  part: number,
  nParts: number,
): AsyncGenerator<EvalEvent, ModelComparison, void> {
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      const { type, nScored, count } = next.value;
      yield { type, nScored: part * count + nScored, count: nParts * count };
    }
  } finally {
    await events.return(undefined as never);
  }
}

/** @param names of all files, the baseline first */
function differentTokenizers(
  file: ComparedFile,
  files: readonly ComparedFile[],
  what: string,
  text: string,
): ToolkitError {
  const others = process.argv.slice(2).filter((word) => word !== file.typed);
  const baseline = files[0]!.typed;
  return new ToolkitError(
    'DIFFERENT_TOKENIZERS',
    `${file.typed} and ${baseline} differ in ${what}, expected files of one model: only then can their predictions be compared`,
    {
      suggestions: [
        files.length === 2
          ? `measure the first alone: ${commandLine(['llama', 'eval', baseline, '--text', text])}`
          : `leave it out: ${commandLine(['llama', ...others])}`,
      ],
    },
  );
}
