// Decides whether the classifier is the embedding table: absent, or equal to it in every value.

import { equalBytes, ToolkitError } from '@llama-ts/base';
import { openKernels, type SourceDtype, sourceDtypeBytes } from '@llama-ts/kernels';
import type { TensorReader } from '@llama-ts/safetensors';
import { CLASSIFIER_NAME, EMBEDDING_NAME } from './tensor-names.js';

/** Values compared at once; two blocks of float32 take 8 MiB. */
const BLOCK_VALUES = 1 << 20;

/**
 * Whether the header's shared flag is set. The values decide; config.json must agree.
 *
 * @throws ToolkitError `BAD_CONFIG` when the weights contradict `tie_word_embeddings`
 */
export async function findSharedClassifier(
  reader: TensorReader,
  tied: boolean,
  name: string,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!reader.tensors.has(CLASSIFIER_NAME)) {
    if (tied) return true;
    throw contradiction(`${name}: no tensor ${CLASSIFIER_NAME} though tie_word_embeddings is false, expected one`);
  }
  const index = await firstDifference(reader, signal);
  if (index === null) return true;
  if (!tied) return false;
  throw contradiction(
    `${name}: ${CLASSIFIER_NAME} differs from ${EMBEDDING_NAME} at value ${index} though tie_word_embeddings is true`,
  );
}

async function firstDifference(reader: TensorReader, signal?: AbortSignal): Promise<number | null> {
  const first = reader.tensors.get(EMBEDDING_NAME)!;
  const second = reader.tensors.get(CLASSIFIER_NAME)!;
  const nValues = first.shape.reduce((product, n) => product * n, 1);
  const kernels = await openKernels({ backend: 'reference' });
  for (let start = 0; start < nValues; start += BLOCK_VALUES) {
    const n = Math.min(BLOCK_VALUES, nValues - start);
    const [a, b] = await Promise.all(
      [first, second].map(async (tensor) => {
        const dtype = tensor.dtype as SourceDtype;
        const range = { start: start * sourceDtypeBytes[dtype], end: (start + n) * sourceDtypeBytes[dtype], signal };
        return { dtype, bytes: await reader.read(tensor.name, range) };
      }),
    );
    if (a!.dtype === b!.dtype && equalBytes(a!.bytes, b!.bytes)) continue;
    // Different bytes can still be equal values: other types, or zeros of either sign.
    const values = [a!, b!].map(({ dtype, bytes }) => {
      const widened = kernels.allocate.float32(n);
      kernels.widen(widened, bytes, dtype);
      return widened;
    });
    await kernels.run(signal);
    const different = values[0]!.findIndex((value, i) => value !== values[1]![i]);
    if (different !== -1) return start + different;
  }
  return null;
}

function contradiction(message: string): ToolkitError {
  return new ToolkitError('BAD_CONFIG', message, {
    suggestions: ['set tie_word_embeddings in config.json to what the weights hold, then run the same command again'],
  });
}
