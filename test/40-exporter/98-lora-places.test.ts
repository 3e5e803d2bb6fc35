// Where adapters may change a model: embedding and classifier, shared or not; and bases that training changed as well.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyModel } from '@llama-ts/evaluate';
import { exportModel, openModelSource, pathsOf, planExport, withAdapters } from '@llama-ts/exporter';
import {
  adding,
  DIMS,
  floats,
  inRows,
  RANK_1,
  type Tensors,
  UP,
  valuesOf,
  W3,
  writeAdapter,
  writeBase,
} from './lora-files.js';
import { drain, failsWith, withFolder } from './support.js';

const EMBEDDING = 'model.embed_tokens';
const numbers = (length: number, at: (i: number) => number): Float32Array =>
  Float32Array.from({ length }, (_, i) => at(i));

/** An adapter of rank 2 for the embedding, as PEFT keeps it: (rank, vocabulary) and (width, rank). */
const A = numbers(2 * DIMS.vocab, (i) => (i % 5) - 2);
const B = numbers(DIMS.dim * 2, (i) => ((i % 7) - 3) / 4);
const embedding: Tensors = {
  [`${EMBEDDING}.lora_embedding_A`]: [[2, DIMS.vocab], A],
  [`${EMBEDDING}.lora_embedding_B`]: [[DIMS.dim, 2], B],
};
const head: Tensors = {
  'lm_head.lora_A.weight': [[1, DIMS.dim], new Float32Array(DIMS.dim).fill(1)],
  'lm_head.lora_B.weight': [[DIMS.vocab, 1], numbers(DIMS.vocab, (i) => i)],
};
const saved: Tensors = {
  [`${EMBEDDING}.weight`]: [[DIMS.vocab, DIMS.dim], numbers(DIMS.vocab * DIMS.dim, (i) => i)],
};
const RANK_2 = { r: 2, lora_alpha: 8 };

describe('a LoRA adapter of embedding and classifier', function () {
  this.timeout(60_000);

  it('is merged where the model has one of each, and the file verifies against base and adapter', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const one = await writeAdapter(join(folder, 'one'), RANK_2, embedding);
      const two = await writeAdapter(join(folder, 'two'), RANK_1, head);
      const source = await withAdapters(await openModelSource(base), [{ folder: one }, { folder: two, scale: 0.5 }]);
      const rows = await valuesOf(source, 'tok_embeddings.weight');
      for (const [row, column] of [
        [0, 0],
        [3, 17],
        [DIMS.vocab - 1, DIMS.dim - 1],
      ] as const) {
        const sum = A[row]! * B[2 * column]! + A[DIMS.vocab + row]! * B[2 * column + 1]!;
        assert.equal(rows[row * DIMS.dim + column], 1 + 4 * sum);
      }
      const classifier = await valuesOf(source, 'output.weight');
      assert.ok(classifier.every((value, i) => value === 2 + 0.5 * Math.floor(i / DIMS.dim)));
      const output = join(folder, 'm.bin');
      await drain(exportModel({ source, output }));
      assert.equal((await drain(verifyModel({ model: output, against: source }))).result.passed, true);
      await source.close();
    }));

  it('is refused by name where both are one, whichever it changes', () =>
    withFolder(async (folder) => {
      const tied = await openModelSource(await writeBase(join(folder, 'tied'), {}, true));
      const cases: readonly (readonly [Record<string, unknown>, Tensors, RegExp])[] = [
        [RANK_2, embedding, /changes the embedding, which is the classifier too/],
        [RANK_1, saved, /changes the embedding, which is the classifier too/],
        [RANK_1, head, /lm_head\.lora_A\.weight" changes the classifier, which is the embedding too/],
        [RANK_1, { 'lm_head.weight': [[DIMS.vocab, DIMS.dim], new Float32Array(4096)] }, /lm_head\.weight" changes/],
        [RANK_1, { ...saved, ...head }, /lm_head\.lora_A\.weight" changes the classifier/],
      ];
      for (const [i, [config, tensors, message]] of cases.entries()) {
        const adapter = await writeAdapter(join(folder, `adapter-${i}`), config, tensors);
        assert.match(await failsWith('UNSUPPORTED_MODEL', withAdapters(tied, [{ folder: adapter }])), message);
      }
      // What changes neither is merged.
      const plain = await writeAdapter(join(folder, 'plain'), RANK_1, adding(1));
      const source = await withAdapters(tied, [{ folder: plain }]);
      assert.ok((await valuesOf(source, W3)).every((value) => value === 2));
      await source.close();
    }));

  it('is refused where half of it is missing, of another shape, or DoRA', () =>
    withFolder(async (folder) => {
      const base = await openModelSource(await writeBase(join(folder, 'base'), {}));
      const half: Tensors = { [`${EMBEDDING}.lora_embedding_A`]: [[2, DIMS.vocab], A] };
      const turned: Tensors = { ...embedding, [`${EMBEDDING}.lora_embedding_B`]: [[2, DIMS.dim], B] };
      const cases: readonly (readonly [string, Record<string, unknown>, Tensors, RegExp])[] = [
        ['BAD_CONFIG', RANK_2, half, /has one of lora_embedding_A and lora_embedding_B/],
        ['BAD_TENSOR_SHAPE', RANK_2, turned, /lora_embedding_B has shape \[2, 256\], expected \[256, 2\]/],
        ['UNSUPPORTED_MODEL', { ...RANK_2, use_dora: true }, embedding, /use_dora is true, expected plain LoRA/],
      ];
      for (const [i, [code, config, tensors, message]] of cases.entries()) {
        const adapter = await writeAdapter(join(folder, `adapter-${i}`), config, tensors);
        assert.match(await failsWith(code, withAdapters(base, [{ folder: adapter }])), message);
      }
      await base.close();
    }));
});

describe('a LoRA adapter', function () {
  this.timeout(60_000);

  it('is refused where its training began with a change of the base, and merged where it did not', () =>
    withFolder(async (folder) => {
      const base = await openModelSource(await writeBase(join(folder, 'base'), {}));
      for (const start of ['pissa', 'pissa_niter_16', 'OLoRA', 'corda', 'loftq', 'lora_ga', 7]) {
        const config = { ...RANK_1, init_lora_weights: start };
        const adapter = await writeAdapter(join(folder, `of-${start}`), config, adding(1));
        const message = await failsWith('UNSUPPORTED_MODEL', withAdapters(base, [{ folder: adapter }]));
        assert.match(message, /init_lora_weights is .+, which changes the base too/);
      }
      for (const start of [true, false, null, 'gaussian', 'eva', 'orthogonal']) {
        const config = { ...RANK_1, init_lora_weights: start };
        const adapter = await writeAdapter(join(folder, `with-${start}`), config, adding(1));
        const source = await withAdapters({ ...base, close: async () => undefined }, [{ folder: adapter }]);
        await source.close();
      }
      await base.close();
    }));

  it('is refused where it both replaces and changes a matrix, and where it changes a norm', () =>
    withFolder(async (folder) => {
      const base = await openModelSource(await writeBase(join(folder, 'base'), {}));
      const both: Tensors = {
        ...adding(1),
        [`${UP}.weight`]: [[DIMS.hidden, DIMS.dim], new Float32Array(DIMS.hidden * DIMS.dim)],
      };
      const norm: Tensors = { 'model.norm.lora_A.weight': [[1, 1], new Float32Array(1)] };
      for (const [i, tensors] of [both, norm].entries()) {
        const adapter = await writeAdapter(join(folder, `adapter-${i}`), RANK_1, tensors);
        const message = await failsWith('UNSUPPORTED_MODEL', withAdapters(base, [{ folder: adapter }]));
        assert.match(message, /lora_A\.weight" changes nothing of this model that can be merged/);
      }
      await base.close();
    }));

  it('is part of what is planned and read, and is never written over', () =>
    withFolder(async (folder) => {
      const base = await writeBase(join(folder, 'base'), {});
      const adapter = await writeAdapter(join(folder, 'adapter'), RANK_1, adding(1));
      const weights = join(adapter, 'adapter_model.safetensors');
      const before = await readFile(weights);
      const source = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
      assert.ok(pathsOf(source).includes(weights));
      const { inputs } = await planExport({ source, output: join(folder, 'm.bin') });
      assert.equal(inputs.find(({ path }) => path === weights)?.byteLength, before.byteLength);
      const output = weights;
      await failsWith('OUTPUT_IS_INPUT', drain(exportModel({ source, output, force: true })));
      assert.deepEqual(await readFile(weights), before);
      await source.close();
    }));
});

/** A matrix of a model in bfloat16 before and after PEFT's formulas. */
interface Bfloat16Case {
  readonly module: string;
  readonly kind: 'linear' | 'embedding';
  readonly shape: [number, number];
  readonly rows: readonly number[];
  readonly config: Record<string, unknown>;
  /** Whether the product is rounded to bfloat16 before it is added: of an adapter in bfloat16, and of the embedding. */
  readonly isProductRounded: boolean;
  readonly base: string;
  readonly a: string;
  readonly b: string;
  readonly merged: string;
}

const fixture = new URL('../fixtures/lora/merged-bfloat16.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Record<string, Bfloat16Case> };
const RANK = 4;
const binNames: Readonly<Record<string, string>> = {
  'model.layers.0.self_attn.q_proj': 'layers.0.attention.wq.weight',
  'model.layers.0.mlp.down_proj': 'layers.0.feed_forward.w2.weight',
  'model.layers.0.mlp.up_proj': W3,
  'model.embed_tokens': 'tok_embeddings.weight',
  lm_head: 'output.weight',
};

function tensorsOf({ module, kind, shape, rows, a, b }: Bfloat16Case): Tensors {
  const [nRows, nColumns] = shape;
  return kind === 'embedding'
    ? {
        [`${module}.lora_embedding_A`]: [[RANK, nRows], floats(a)],
        [`${module}.lora_embedding_B`]: [[nColumns, RANK], floats(b)],
      }
    : {
        [`${module}.lora_A.weight`]: [[RANK, nColumns], floats(a)],
        [`${module}.lora_B.weight`]: [[nRows, RANK], inRows([nRows, RANK], rows, floats(b))],
      };
}

describe('a LoRA adapter of a model in bfloat16', function () {
  this.timeout(60_000);

  for (const [title, one] of Object.entries(cases)) {
    it(`merges to what peft computes within one rounding, also where weights and product nearly cancel: ${title}`, () =>
      withFolder(async (folder) => {
        const { module, shape, rows, config, base: weights, merged, isProductRounded } = one;
        const base = await writeBase(join(folder, 'base'), {
          [`${module}.weight`]: inRows(shape, rows, floats(weights)),
        });
        const adapter = await writeAdapter(join(folder, 'adapter'), config, tensorsOf(one));
        const source = await withAdapters(await openModelSource(base), [{ folder: adapter }]);
        const found = await valuesOf(source, binNames[module]!);
        const [before, expected] = [floats(weights), floats(merged)];
        const columns = shape[1];
        const largest = before.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        let nCancelled = 0;
        for (const [i, row] of rows.entries()) {
          for (let column = 0; column < columns; column++) {
            const [ours, wanted] = [found[row * columns + column]!, expected[i * columns + column]!];
            const product = Math.abs(ours - before[i * columns + column]!);
            // Float32 sums differ in their last bits.
            const ofProduct = isProductRounded ? product * 2 ** -8 : largest * 2 ** -22;
            const allowed = Math.abs(wanted) * 2 ** -8 + ofProduct;
            assert.ok(Math.abs(ours - wanted) <= allowed, `row ${row}, column ${column}: ${ours}, ${wanted}`);
            if (Math.abs(ours) < product * 2 ** -7) nCancelled++;
          }
        }
        assert.ok(nCancelled > 0.4 * rows.length * columns, `${nCancelled} values cancelled`);
        await source.close();
      }));
  }
});
