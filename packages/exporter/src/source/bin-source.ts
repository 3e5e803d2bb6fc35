// Opens a .bin file of any version as a source.

import { basename, dirname, openFile, ToolkitError } from '@llama-ts/base';
import { assumedSettings, type BinFile, completeSettings, readBinFile, templateFacts } from '@llama-ts/format';
import { NO_GENERATION_DEFAULTS } from '../checkpoint/generation-config.js';
import { identifyFile } from '../files/identify-file.js';
import { describeTensors } from '../tensor-description.js';
import { binRows } from '../weights/bin-rows.js';
import type { CompletedFacts, ModelSource, StatedFacts } from './model-source.js';
import { checkNothingStated } from './nothing-stated.js';
import type { SourceOpener } from './source-opener.js';

/** A .bin file as a source, with what it says of itself. */
export interface BinSource extends ModelSource {
  readonly bin: BinFile;
  readonly byteLength: number;
}

/** Opens files that exist; what they hold is checked as they are opened. */
export const binOpener: SourceOpener = async (found, options) => {
  if (found.kind !== 'file') return null;
  checkNothingStated(found.path, options.stated);
  return openBinSource(found.path, options);
};

/**
 * Opens a file of any version.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, and what readBinFile throws
 */
export async function openBinSource(
  path: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<BinSource> {
  signal?.throwIfAborted();
  const file = await openFile(path);
  try {
    const bin = await readBinFile(file);
    const { trailer, layout } = bin;
    const description = trailer?.description;
    const { dimensions } = bin.header;
    const isQuantized = layout.tensors.some(({ encoding }) => encoding.isQuantized);
    let closing: Promise<void> | undefined;
    return {
      bin,
      byteLength: file.byteLength,
      kind: 'bin',
      name: path,
      commit: description?.provenance.commit ?? null,
      folder: dirname(path),
      files: [basename(path)],
      warnings: [],
      dimensions,
      settings: description === undefined ? null : completeSettings(dimensions, { known: description, name: path }),
      eosSources: description?.eosSources,
      generation: description?.generation ?? NO_GENERATION_DEFAULTS,
      tokenizer: trailer?.tokenizer ?? null,
      chatTemplate: description?.chatTemplate ?? null,
      ...templateFacts(description ?? {}),
      modelName: description?.provenance.source ?? basename(path).replace(/\.bin$/, ''),
      tensors: describeTensors(layout.tensors),
      // Weights that were bfloat16 are float32 here.
      storedType: isQuantized ? 'F32' : null,
      isQuantized,
      isStream: false,
      weights: binRows(file, bin),
      pass: () => ({ ...binRows(file, bin), finish: async () => [] }),
      complete: (stated) => completeFacts(path, bin, stated),
      identity: () => identifyFile(path),
      provenance: async () => description?.provenance ?? null,
      close: () => (closing ??= file.close()),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function completeFacts(name: string, bin: BinFile, stated: StatedFacts): CompletedFacts {
  checkUnstated(name, bin, stated);
  const { dimensions } = bin.header;
  const tokenizer = bin.trailer?.tokenizer ?? stated.tokenizer ?? null;
  if (tokenizer !== null && tokenizer.nTokens !== dimensions.vocabSize) {
    const message = `${name}: tokenizer of ${tokenizer.nTokens} tokens, expected ${dimensions.vocabSize}, the vocabulary`;
    throw new ToolkitError('BAD_TOKENIZER', message, {
      suggestions: ['name the one of this model: --tokenizer TOKENIZER.bin'],
    });
  }
  const known = bin.trailer?.description ?? assumedSettings(dimensions);
  const settings = completeSettings(dimensions, { known, stated: stated.settings, name });
  return {
    settings,
    tokenizer,
    warnings: [
      ...(bin.trailer === null ? [assumption(name, settings)] : []),
      ...(tokenizer === null ? [`${name}: holds no tokenizer; the output will hold none`] : []),
    ],
  };
}

/** A fact that the file holds cannot be stated: the two would be equal, or one would be wrong. */
function checkUnstated(name: string, { trailer }: BinFile, { settings, tokenizer }: StatedFacts): void {
  const stated = [
    ...(trailer !== null && settings !== undefined ? ['RoPE settings'] : []),
    ...(trailer?.tokenizer && tokenizer !== undefined ? ['a tokenizer'] : []),
  ];
  if (stated.length === 0) return;
  const message = `${name}: holds ${stated.join(' and ')}, expected none to be stated beside it`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['leave out --rope-theta, --rope-scaling and --tokenizer'],
  });
}

function assumption(name: string, { ropeTheta, ropeScaling }: CompletedFacts['settings']): string {
  const scaling = ropeScaling === null ? 'no scaling' : `llama3 scaling by ${ropeScaling.factor}`;
  return `${name}: holds no settings; assumed: RoPE base ${ropeTheta} with ${scaling}`;
}
