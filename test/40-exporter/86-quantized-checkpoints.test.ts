// Quantized checkpoints of safetensors: the rows are the values of the libraries' formulas, written here independently.

import { strict as assert } from 'node:assert';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportModel, type ModelSource, openModelSource, rowUnit } from '@llama-ts/exporter';
import { type BinTensor, columnsOf, layout, rowsOf } from '@llama-ts/format';
import { openSafetensorsFolder, type TensorSpec, writeSafetensors } from '@llama-ts/safetensors';
import { pick, type Random, seededRandom } from '../helpers/random-text.js';
import { copyModel, drain, failsWith, golden, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');
type Part = TensorSpec & { data: Uint8Array };
type Dtype = 'F32' | 'F16' | 'BF16';

/** A matrix in parts, and the values that its formula gives. */
interface Quantized {
  readonly parts: readonly Part[];
  /** (rows, columns) */
  readonly values: readonly number[];
  readonly dtype: Dtype;
}

/** Makes parts of random numbers for the matrix `base`.weight. */
type Make = (base: string, shape: readonly [number, number], random: Random) => Quantized;

const bytesOf = (numbers: ArrayBufferView): Uint8Array => new Uint8Array(numbers.buffer as ArrayBuffer);
const integer = (random: Random, n: number): number => Math.floor(random() * n);
const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** A value with so many bits of mantissa, ties to even. All values here are normal. */
function rounded(value: number, mantissaBits: number): number {
  if (value === 0) return 0;
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - mantissaBits);
  const steps = value / step;
  const floor = Math.floor(steps);
  const isUp = steps - floor > 0.5 || (steps - floor === 0.5 && floor % 2 !== 0);
  return (floor + (isUp ? 1 : 0)) * step;
}

const bits = { F32: 23, BF16: 7, F16: 10 };

/** A scale that its type holds, and its bytes. */
function scales(n: number, dtype: Dtype, random: Random): { values: number[]; data: Uint8Array } {
  const values = list(n, () => rounded(0.002 + random() / 100, bits[dtype]));
  if (dtype === 'F32') return { values, data: bytesOf(Float32Array.from(values)) };
  const halves = values.map((value) => {
    const exponent = Math.floor(Math.log2(value));
    const mantissa = Math.round((value / 2 ** exponent - 1) * 2 ** bits[dtype]);
    return dtype === 'BF16' ? ((exponent + 127) << 7) | mantissa : ((exponent + 15) << 10) | mantissa;
  });
  return { values, data: bytesOf(Uint16Array.from(halves)) };
}

/** A byte of FP8 and its value. */
function fp8(random: Random): { byte: number; value: number } {
  const [sign, exponent] = [integer(random, 2), integer(random, 16)];
  const mantissa = integer(random, exponent === 15 ? 7 : 8);
  const size = exponent === 0 ? (mantissa / 8) * 2 ** -6 : (1 + mantissa / 8) * 2 ** (exponent - 7);
  return { byte: sign * 128 + exponent * 8 + mantissa, value: sign === 0 ? size : -size };
}

/** FP8 with a scale for so many rows and columns. */
const fp8By =
  (
    blockOf: (shape: readonly [number, number]) => readonly [number, number],
    end: string,
    dtype: Dtype,
    scaleShape?: number[],
  ): Make =>
  (base, shape, random) => {
    const [rows, columns] = shape;
    const [blockRows, blockColumns] = blockOf(shape);
    const grid = [Math.ceil(rows / blockRows), Math.ceil(columns / blockColumns)] as const;
    const numbers = list(rows * columns, () => fp8(random));
    const factors = scales(grid[0] * grid[1], dtype, random);
    return {
      parts: [
        { name: `${base}.weight`, dtype: 'F8_E4M3', shape, data: Uint8Array.from(numbers, ({ byte }) => byte) },
        { name: `${base}.${end}`, dtype, shape: scaleShape ?? grid, data: factors.data },
        { name: `${base}.input_scale`, dtype: 'F32', shape: [1], data: new Uint8Array(4) },
      ],
      values: numbers.map(({ value }, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        const factor = factors.values[Math.floor(row / blockRows) * grid[1] + Math.floor(column / blockColumns)]!;
        return rounded(value * factor, bits[dtype]);
      }),
      dtype,
    };
  };

const int8: Make = (base, shape, random) => {
  const [rows, columns] = shape;
  const numbers = Int8Array.from({ length: rows * columns }, () => integer(random, 255) - 127);
  const factors = scales(rows, 'F32', random);
  const constant = Math.fround(0.007874015718698502);
  return {
    parts: [
      { name: `${base}.weight`, dtype: 'I8', shape, data: bytesOf(numbers) },
      { name: `${base}.SCB`, dtype: 'F32', shape: [rows], data: factors.data },
      { name: `${base}.weight_format`, dtype: 'U8', shape: [], data: new Uint8Array(1) },
    ],
    values: [...numbers].map((value, i) => {
      return Math.fround(Math.fround(value * factors.values[Math.floor(i / columns)]!) * constant);
    }),
    dtype: 'F32',
  };
};

const fourBits =
  (isNested: boolean, blocksize: number): Make =>
  (base, shape, random) => {
    const [rows, columns] = shape;
    const name = `${base}.weight`;
    const codes = list(16, (i) => Math.fround(-1 + i / 7.7));
    const indices = list(rows * columns, () => integer(random, 16));
    const nBlocks = Math.ceil(indices.length / blocksize);
    const nested = { size: 256, offset: Math.fround(0.0123), codes: list(256, (i) => Math.fround((i - 100) / 300)) };
    const bytes = list(nBlocks, () => integer(random, 256));
    const outer = scales(isNested ? Math.ceil(nBlocks / nested.size) : nBlocks, 'F32', random);
    const absmax = isNested
      ? bytes.map((byte, i) =>
          Math.fround(Math.fround(nested.codes[byte]! * outer.values[Math.floor(i / nested.size)]!) + nested.offset),
        )
      : outer.values;
    const packed = list(Math.ceil(indices.length / 2), (i) => indices[2 * i]! * 16 + (indices[2 * i + 1] ?? 0));
    const state = {
      ...{ quant_type: 'nf4', blocksize, dtype: 'bfloat16', shape: [...shape] },
      ...(isNested ? { nested_blocksize: nested.size, nested_dtype: 'float32', nested_offset: nested.offset } : {}),
    };
    const json = Buffer.from(JSON.stringify(state));
    const floats = (part: string, numbers: readonly number[]): Part => {
      const data = bytesOf(Float32Array.from(numbers));
      return { name: `${name}.${part}`, dtype: 'F32', shape: [numbers.length], data };
    };
    return {
      parts: [
        { name, dtype: 'U8', shape: [packed.length, 1], data: Uint8Array.from(packed) },
        floats('quant_map', codes),
        ...(isNested
          ? [
              { name: `${name}.absmax`, dtype: 'U8' as const, shape: [nBlocks], data: Uint8Array.from(bytes) },
              floats('nested_absmax', outer.values),
              floats('nested_quant_map', nested.codes),
            ]
          : [floats('absmax', absmax)]),
        {
          name: `${name}.quant_state.bitsandbytes__nf4`,
          dtype: 'U8',
          shape: [json.byteLength],
          data: new Uint8Array(json),
        },
      ],
      values: indices.map((index, i) => rounded(Math.fround(codes[index]! * absmax[Math.floor(i / blocksize)]!), 7)),
      dtype: 'BF16',
    };
  };

/** Words of eight numbers of 4 bits, number `places[i]` of each in bits 4 i and up. */
function words(numbers: readonly number[], places = [0, 1, 2, 3, 4, 5, 6, 7]): Uint8Array {
  const packed = list(numbers.length / 8, (i) =>
    places.reduce((word, place, bit) => word + numbers[8 * i + place]! * 2 ** (4 * bit), 0),
  );
  return bytesOf(Uint32Array.from(packed));
}

const AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7];

/** GPTQ or AWQ, whose rows are inputs. */
const packed =
  (kind: 'gptq' | 'gptq-v2' | 'awq', { isOrdered = false, dtype = 'F16' as Dtype } = {}): Make =>
  (base, [outputs, inputs], random) => {
    const groupSize = 32;
    const groups = inputs / groupSize;
    const value = list(inputs, () => list(outputs, () => integer(random, 16)));
    // What GPTQ stores is one less, and no library stores −1.
    const zero = list(groups, () => list(outputs, () => 1 + integer(random, 15)));
    const factors = scales(groups * outputs, dtype, random);
    const groupOf = list(inputs, (i) => (isOrdered ? integer(random, groups) : Math.floor(i / groupSize)));
    const stored = kind === 'gptq' ? zero.map((row) => row.map((n) => n - 1)) : zero;
    const byInputs = list(inputs / 8, (r) => list(outputs, (o) => list(8, (i) => value[8 * r + i]![o]!)).flat()).flat();
    const order = kind === 'awq' ? AWQ_ORDER : undefined;
    return {
      parts: [
        kind === 'awq'
          ? { name: `${base}.qweight`, dtype: 'I32', shape: [inputs, outputs / 8], data: words(value.flat(), order) }
          : { name: `${base}.qweight`, dtype: 'I32', shape: [inputs / 8, outputs], data: words(byInputs) },
        { name: `${base}.qzeros`, dtype: 'I32', shape: [groups, outputs / 8], data: words(stored.flat(), order) },
        { name: `${base}.scales`, dtype, shape: [groups, outputs], data: factors.data },
        { name: `${base}.bias`, dtype, shape: [outputs], data: new Uint8Array(2 * outputs) },
        ...(kind === 'awq'
          ? []
          : [
              {
                name: `${base}.g_idx`,
                dtype: 'I32' as const,
                shape: [inputs],
                data: bytesOf(Int32Array.from(groupOf)),
              },
            ]),
      ],
      values: list(outputs * inputs, (i) => {
        const [o, n] = [Math.floor(i / inputs), i % inputs];
        const group = groupOf[n]!;
        return rounded((value[n]![o]! - zero[group]![o]!) * factors.values[group * outputs + o]!, bits[dtype]);
      }),
      dtype,
    };
  };

const cases: readonly (readonly [title: string, config: object, make: Make])[] = [
  ['FP8 with one scale (fp8)', { quant_method: 'fp8' }, fp8By((shape) => shape, 'weight_scale', 'F32', [])],
  [
    'FP8 with a scale for each row (compressed-tensors)',
    { quant_method: 'compressed-tensors', config_groups: { a: { weights: { num_bits: 8, type: 'float' } } } },
    fp8By(([, columns]) => [1, columns], 'weight_scale', 'BF16'),
  ],
  [
    'FP8 with a scale for each block (weight_scale_inv)',
    { quant_method: 'fp8' },
    fp8By(() => [16, 16], 'weight_scale_inv', 'F32'),
  ],
  ['int8 (bitsandbytes)', { quant_method: 'bitsandbytes', load_in_8bit: true }, int8],
  ['4 bits (bitsandbytes)', { quant_method: 'bitsandbytes', load_in_4bit: true }, fourBits(false, 64)],
  [
    '4 bits with scales of 8 bits (bitsandbytes)',
    { quant_method: 'bitsandbytes', load_in_4bit: true },
    fourBits(true, 16),
  ],
  ['GPTQ', { quant_method: 'gptq', bits: 4 }, packed('gptq')],
  ['GPTQ with groups in any order', { quant_method: 'gptq', bits: 4 }, packed('gptq', { isOrdered: true })],
  [
    'GPTQ of version 2 in BF16',
    { quant_method: 'gptq', bits: 4, checkpoint_format: 'gptq_v2' },
    packed('gptq-v2', { dtype: 'BF16' }),
  ],
  ['AWQ', { quant_method: 'awq', bits: 4, version: 'gemm' }, packed('awq')],
];

/** A copy of a golden model with its matrices quantized, and what they are. */
async function quantizedModel(folder: string, config: object, make: Make, drop = (_part: Part): boolean => false) {
  const random = seededRandom(7);
  const made = new Map<string, Quantized>();
  await copyModel(tied, folder, { quantization_config: config });
  const reader = await openSafetensorsFolder(tied);
  const parts: Part[] = [];
  for (const { name, dtype, shape } of reader.tensors.values()) {
    if (!/_proj\.weight$/.test(name)) {
      parts.push({ name, dtype, shape, data: await reader.read(name) });
      continue;
    }
    const base = name.replace(/\.weight$/, '');
    const quantized = make(base, shape as [number, number], random);
    made.set(base, quantized);
    parts.push(...quantized.parts.filter((part) => !drop(part)));
  }
  await reader.close();
  await writeSafetensors(join(folder, 'model.safetensors'), parts);
  await rm(join(folder, 'model.safetensors.index.json'), { force: true });
  return made;
}

async function rowsOfTensor(source: ModelSource, tensor: BinTensor): Promise<Uint8Array> {
  const width = { F32: 4, F16: 2, BF16: 2 }[source.weights.dtypeOf(tensor)];
  const unit = rowUnit(tensor, source.dimensions);
  const parts: Uint8Array[] = [];
  for (let row = 0; row < rowsOf(tensor); row += unit) {
    const bytes = new Uint8Array(unit * columnsOf(tensor) * width);
    await source.weights.readRows(tensor, row, unit, bytes);
    parts.push(bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function valuesOf(bytes: Uint8Array, dtype: Dtype): number[] {
  if (dtype === 'F32') return [...new Float32Array(bytes.buffer)];
  return [...new Uint16Array(bytes.buffer)].map((half) => {
    const [exponentBits, mantissaBits, bias] = dtype === 'BF16' ? [8, 7, 127] : [5, 10, 15];
    const exponent = (half >> mantissaBits) % 2 ** exponentBits;
    const mantissa = (half % 2 ** mantissaBits) / 2 ** mantissaBits;
    const size = exponent === 0 ? mantissa * 2 ** (1 - bias) : (1 + mantissa) * 2 ** (exponent - bias);
    return half >= 0x8000 ? -size : size;
  });
}

const hfNames = {
  wv: 'self_attn.v_proj',
  wo: 'self_attn.o_proj',
  w1: 'mlp.gate_proj',
  w2: 'mlp.down_proj',
  w3: 'mlp.up_proj',
};

describe('a quantized checkpoint', () => {
  for (const [title, config, make] of cases) {
    it(`is read as the values of the formula: ${title}`, () =>
      withFolder(async (scratch) => {
        const folder = join(scratch, 'model');
        const made = await quantizedModel(folder, config, make);
        const source = await openModelSource(folder);
        assert.ok(
          source.warnings.some((warning) => /were quantized .* before/.test(warning)),
          source.warnings.join(),
        );
        const { tensors } = layout({ version: 1, dimensions: source.dimensions, groupSize: null });
        let nCompared = 0;
        for (const tensor of tensors) {
          const name = hfNames[tensor.kind as keyof typeof hfNames];
          if (name === undefined) continue;
          const { values, dtype } = made.get(`model.layers.${tensor.layer}.${name}`)!;
          assert.equal(source.weights.dtypeOf(tensor), dtype);
          const found = valuesOf(await rowsOfTensor(source, tensor), dtype);
          // −0 and 0 are equal.
          assert.deepEqual(
            found.map((n) => n + 0),
            values.map((n) => n + 0),
            tensor.name,
          );
          nCompared++;
        }
        assert.equal(nCompared, 5 * source.dimensions.nLayers);
        await source.close();
      }));
  }

  it('is exported with the digests of its files, and reads the same in any order', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await quantizedModel(folder, cases[6]![1], cases[6]![2]);
      const source = await openModelSource(folder);
      const output = join(scratch, 'out.bin');
      await drain(exportModel({ source, output }));
      const bin = await openModelSource(output);
      const { tensors } = layout({ version: 1, dimensions: source.dimensions, groupSize: null });
      const wide = await readFile(output);
      for (const tensor of [...tensors].reverse()) {
        if (tensor.shape.length < 2) continue;
        const dtype = source.weights.dtypeOf(tensor);
        const found = valuesOf(await rowsOfTensor(source, tensor), dtype);
        const stored = wide.subarray(tensor.byteOffset, tensor.byteOffset + 4 * tensor.nValues);
        assert.deepEqual(new Float32Array(new Uint8Array(stored).buffer), Float32Array.from(found), tensor.name);
      }
      assert.equal((await bin.provenance())!.files.filter(({ path }) => path === 'model.safetensors').length, 1);
      await Promise.all([source.close(), bin.close()]);
    }));

  it('is refused where a part is missing, or of another shape or type', () =>
    withFolder(async (scratch) => {
      const gptq = cases[6]!;
      const folder = join(scratch, 'model');
      await quantizedModel(folder, gptq[1], gptq[2], ({ name }) => name.endsWith('.qzeros'));
      assert.match(
        await failsWith('MISSING_TENSOR', openModelSource(folder)),
        /no tensor model\.layers\.0\..*\.qzeros/,
      );
      const other: Make = (base, shape, random) => {
        const made = gptq[2](base, shape, random);
        return {
          ...made,
          parts: made.parts.map((part) =>
            part.name.endsWith('.g_idx') ? { ...part, shape: [2, part.shape[0]! / 2] } : part,
          ),
        };
      };
      await quantizedModel(folder, gptq[1], other);
      await failsWith('BAD_TENSOR_SHAPE', openModelSource(folder));
      const nf4 = cases[4]!;
      const damaged: Make = (base, shape, random) => {
        const made = nf4[2](base, shape, random);
        const state = Buffer.from('{"shape":[1,2]}');
        return {
          ...made,
          parts: made.parts.map((part) =>
            part.name.includes('quant_state') ? { ...part, shape: [state.length], data: new Uint8Array(state) } : part,
          ),
        };
      };
      await quantizedModel(folder, nf4[1], damaged);
      assert.match(await failsWith('BAD_WEIGHTS', openModelSource(folder)), /expected a state of 4 bits/);
    }));

  it('is refused with a bias that is not zero, as .bin files hold none', () =>
    withFolder(async (scratch) => {
      const gptq = cases[6]!;
      const folder = join(scratch, 'model');
      const biased: Make = (base, shape, random) => {
        const made = gptq[2](base, shape, random);
        return {
          ...made,
          parts: made.parts.map((part) =>
            part.name.endsWith('.bias') ? { ...part, data: part.data.fill(pick(random, [60])) } : part,
          ),
        };
      };
      await quantizedModel(folder, gptq[1], biased);
      assert.match(await failsWith('UNEXPECTED_TENSOR', openModelSource(folder)), /\.bias/);
    }));
});
