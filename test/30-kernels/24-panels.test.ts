// Weights in panels of sixteen rows, Q8 and Q4: products and embedding rows, bit for bit those of row-major int8 weights.

import { strict as assert } from 'node:assert';
import { type Kernels, panelByteLength, panelRows, panelsByteLength } from '@llama-ts/kernels';
import { compute } from './support/arena.js';
import { assertSameBits } from './support/assert-bits.js';
import { onEveryBackend } from './support/backends.js';
import * as literal from './support/literal.js';
import { anyPanels, groupsOf, inPanels, type PanelWeights, UNEVEN_CODEBOOK } from './support/literal-panels.js';
import { uniform, wide } from './support/random.js';
import { remember } from './support/remember.js';

const GROUP = 32;
/** Batches that are streamed on some instruction sets and swept in panels on others, and batches of several tiles. */
const BATCHES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 33];
const ROWS = [1, 15, 16, 17, 33, 1001];
const GROUPS = [1, 2, 3, 5, 17, 64];
const DTYPES = ['Q8', 'Q4'] as const;

/** Bits of finite float16 scales, of either sign. `any` is a whole number below 2^16. */
const SCALES = {
  ordinary: (any: number) => (any & 0x8fff) | 0x2000,
  'of every size': (any: number) => ((any & 0x7c00) === 0x7c00 ? any & 0x83ff : any),
  subnormal: (any: number) => any & 0x83ff,
  zeros: (any: number) => any & 0x8000,
  'the largest': (any: number) => (any & 0x8000) | 0x7bff,
} as const;
type ScaleKind = keyof typeof SCALES;

/** IQ4_NL's published values, MXFP4's times 2 with both zeros, Q4_0's, and extremes with doubled entries in no order. */
const CODEBOOKS = {
  'of IQ4_NL': UNEVEN_CODEBOOK,
  'of MXFP4': [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12],
  'of Q4_0': [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7],
  'of extremes': [127, -127, 127, -127, 0, 0, 1, -1, 127, 127, -127, -127, 126, -126, 64, -64],
  'of one value': new Array<number>(16).fill(-127),
} as const;
type Codebook = keyof typeof CODEBOOKS;

describe('weights in panels', () => {
  onEveryBackend((kernels) => {
    for (const dtype of DTYPES) {
      describe(`with ${dtype} weights`, () => {
        for (const n of BATCHES) {
          it(`give the exact bits for ${n} rows of input`, () =>
            checkLinear(kernels(), n, [made(dtype, 37, 6 * GROUP)]));
        }
        for (const rows of ROWS) {
          it(`give the exact bits for ${rows} outputs`, async () => {
            for (const n of [1, 2, 13]) await checkLinear(kernels(), n, [made(dtype, rows, 3 * GROUP)]);
          });
        }
        for (const groups of GROUPS) {
          it(`give the exact bits for ${groups} groups a row`, async () => {
            for (const n of [1, 3, 8, 12]) await checkLinear(kernels(), n, [made(dtype, 21, groups * GROUP)]);
          });
        }
        for (const scales of Object.keys(SCALES) as ScaleKind[]) {
          it(`give the exact bits for scales that are ${scales}`, async () => {
            for (const n of [1, 2, 9]) await checkLinear(kernels(), n, [made(dtype, 19, 5 * GROUP, { scales })]);
            await checkEmbed(kernels(), made(dtype, 19, 5 * GROUP, { scales }));
          });
        }
        it('give the exact bits for activations of every size', async () => {
          for (const n of [1, 4, 13]) await checkLinear(kernels(), n, [made(dtype, 33, 8 * GROUP)], wideNumbers);
        });
        it('give the exact bits where every product is extreme', async () => {
          const weights = made(dtype, 17, 2 * GROUP, { codebook: 'of one value', scales: 'the largest' });
          const stored = weights.stored.map(() => -127);
          for (const n of [1, 2, 13]) {
            await checkLinear(kernels(), n, [dtype === 'Q8' ? { ...weights, stored } : weights], ones);
          }
        });
        for (const rows of ROWS)
          it(`give the exact embedding rows of a table of ${rows}`, () => checkEmbed(kernels(), made(dtype, rows, 96)));
        for (const groups of GROUPS) {
          it(`give the exact embedding rows of ${groups} groups`, () =>
            checkEmbed(kernels(), made(dtype, 21, groups * GROUP)));
        }
      });
    }
    for (const codebook of Object.keys(CODEBOOKS) as Codebook[]) {
      it(`give the exact bits for a codebook ${codebook}`, async () => {
        const weights = made('Q4', 40, 4 * GROUP, { codebook });
        for (const n of [1, 2, 5, 8, 13]) await checkLinear(kernels(), n, [weights]);
        await checkEmbed(kernels(), weights);
      });
    }
    it('give the exact bits for Q8 and Q4 weights of different codebooks in one call', async () => {
      const [cols, q8] = [5 * GROUP, made('Q8', 16, 5 * GROUP)];
      const weights = [made('Q4', 64, cols), q8, made('Q4', 17, cols, { codebook: 'of extremes' })];
      for (const n of [1, 2, 3, 8, 9, 33]) await checkLinear(kernels(), n, weights);
    });
  });

  for (const dtype of DTYPES) {
    it(`are read back row by row from ${dtype} panels`, () => {
      for (const [rows, groups] of [
        [1, 1],
        [17, 3],
        [48, 4],
      ] as const) {
        const weights = made(dtype, rows, groups * GROUP, { scales: 'of every size' });
        const matrix = inPanels(weights, (bytes) => bytes);
        const reader = panelRows(matrix);
        const { values, scales } = groupsOf(weights);
        for (let row = rows - 1; row >= 0; row--) {
          assert.deepEqual([...reader.values(row)], values.slice(row * weights.cols, (row + 1) * weights.cols));
          assertSameBits(reader.scales(row), scales.slice(row * groups, (row + 1) * groups));
        }
        assert.equal(matrix.panels.length, panelsByteLength(dtype, rows, weights.cols));
      }
    });
  }
  it('take 8.5 and 4.5 bits each, with scales padded to whole cache lines', () => {
    assert.equal(panelByteLength('Q8', 64), (16 * 64 * 17) / 16);
    assert.equal(panelByteLength('Q4', 64), (16 * 64 * 9) / 16);
    assert.equal(panelByteLength('Q4', 32), 64 + 16 * 16);
    assert.equal(panelsByteLength('Q4', 17, 32), 2 * 320);
  });
});

type Numbers = (length: number, seed: number) => Float32Array;

/** Products with any float16 scale stay finite, and their sums too. */
const wideNumbers: Numbers = (length, seed) => wide(length, seed, 180);
/** All products of a group have one sign. */
const ones: Numbers = (length) => new Float32Array(length).fill(1);

interface MadeOptions {
  readonly codebook?: Codebook;
  readonly scales?: ScaleKind;
}

function made(
  dtype: PanelWeights['dtype'],
  rows: number,
  cols: number,
  { codebook = 'of IQ4_NL', scales = 'ordinary' }: MadeOptions = {},
): PanelWeights {
  return remember(['panels', dtype, rows, cols, codebook, scales], () =>
    anyPanels(dtype, rows, cols, CODEBOOKS[codebook], SCALES[scales]),
  );
}

async function checkLinear(
  kernels: Kernels,
  n: number,
  weights: readonly PanelWeights[],
  numbers: Numbers = uniform,
): Promise<void> {
  const { cols } = weights[0]!;
  const x = numbers(n * cols, 5);
  const outputs = await compute(kernels, (arena) => {
    const outputs = weights.map(({ rows }) => arena.out(n * rows));
    const given = weights.map((weight) => inPanels(weight, (bytes) => arena.uint8(bytes)));
    kernels.linear(outputs, given, arena.float32(x));
    return outputs;
  });
  const quantized = literal.chunk(x, cols).map((row) => literal.quantize(row, GROUP));
  outputs.forEach((out, i) => {
    const rows = rowsOf(weights[i]!);
    const expected = quantized.flatMap((token) => rows.map((row) => literal.q8Dot(row, token, GROUP)));
    assertSameBits(out, expected, `outputs[${i}]`);
  });
}

async function checkEmbed(kernels: Kernels, weights: PanelWeights): Promise<void> {
  const { rows, cols } = weights;
  const chosen = [rows - 1, 0, rows >> 1, rows - 1];
  const out = await compute(kernels, (arena) => {
    const out = arena.out(chosen.length * cols);
    const table = inPanels(weights, (bytes) => arena.uint8(bytes));
    kernels.embed(out, table, arena.int32(chosen));
    return out;
  });
  const all = rowsOf(weights);
  const dequantized = ({ values, scales }: literal.Groups) =>
    values.map((value, i) => Math.fround(value * scales[Math.floor(i / GROUP)]!));
  assertSameBits(
    out,
    chosen.flatMap((row) => dequantized(all[row]!)),
  );
}

function rowsOf(weights: PanelWeights): literal.Groups[] {
  const { values, scales } = groupsOf(weights);
  const ofRows = literal.chunk(scales, weights.cols / GROUP);
  return literal.chunk(values, weights.cols).map((row, i) => ({ values: row, scales: ofRows[i]! }));
}
