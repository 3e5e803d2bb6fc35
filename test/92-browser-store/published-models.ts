// What docs/browser.md says of the published models, computed from their dimensions.

import { byteSize } from '@llama-ts/base';
import {
  type BinHeader,
  float32Encoding,
  layout,
  type ModelDimensions,
  q4Encoding,
  q8Encoding,
  tensorShapes,
} from '@llama-ts/format';
import { planMemory } from '@llama-ts/runtime';

/** dim, hiddenDim, nLayers, nHeads, nKvHeads of config.json; the classifier is the embedding in 3.2. */
const models = [
  ['Llama 3.2 1B', [2048, 8192, 16, 32, 8], true],
  ['Llama 3.2 3B', [3072, 8192, 28, 24, 8], true],
  ['Llama 3.1 8B', [4096, 14336, 32, 32, 8], false],
] as const;

/** The trailer with the tokenizer of 128,256 tokens. */
const TRAILER_BYTES = 8_000_000;
const THREADS = 8;

/** The table's lines. */
export function memoryTable(): string[] {
  const head = ['| model | file | | largest context, f32 cache | f16 cache |', '| --- | --- | --- | --- | --- |'];
  const rows = models.flatMap(([name, [dim, hiddenDim, nLayers, nHeads, nKvHeads], sharedClassifier]) =>
    ([2, 3] as const).map((version) => {
      const sizes = { dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize: 128256, maxSeqLen: 131072 };
      const header = headerOf(version, { ...sizes, sharedClassifier });
      const byteLength = layout(header).weightsEnd + TRAILER_BYTES;
      const { largestContext } = planMemory(header, byteLength, { threads: THREADS });
      const [f32, f16] = [largestContext.f32, largestContext.f16].map((n) => (n === 0 ? 'does not fit' : shown(n)));
      return `| ${name} | v${version} | ${byteSize(byteLength)} | ${f32} | ${f16} |`;
    }),
  );
  return [...head, ...rows];
}

/** v3 as it is written by default: the embedding and the classifier of 8 bits, the layers of 4. */
function headerOf(version: 2 | 3, dimensions: ModelDimensions): BinHeader {
  if (version === 2) return { version, dimensions, groupSize: 64 };
  const codebook = Int8Array.from({ length: 16 }, (_, i) => i - 8);
  const encodings = tensorShapes(version, dimensions).map(({ kind, shape }) => {
    if (shape.length === 1) return float32Encoding;
    return kind === 'embedding' || kind === 'classifier' ? q8Encoding : q4Encoding(codebook);
  });
  return { version, dimensions, groupSize: 32, encodings };
}

function shown(n: number): string {
  return String(n).replace(/(?=(?:\d{3})+$)\B/g, ',');
}
