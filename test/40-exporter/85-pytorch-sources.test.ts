// Meta's .pth, llama2.c's .pt and pytorch_model.bin as sources: the bytes are the reference exporter's.

import { strict as assert } from 'node:assert';
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  exportModel,
  inspectPath,
  type ModelSource,
  openModelSource,
  pathsOf,
  readMetaSettings,
} from '@llama-ts/exporter';
import type { SavedTensor } from '../22-pytorch/support.js';
import { metaTensors, writeMetaFolder, writePytorchFolder, writeTrainingFile } from './pytorch-folders.js';
import { drain, failsWith, golden, readJson, sha256, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');
const untied = golden('untied-mha-f32');
const stated = { ropeFactor: 32, contextLength: 4096 };

/** The reference exporter's digest of a golden model. */
async function reference(model: string, version: 1 | 2): Promise<string> {
  const digests = await readJson(join(model, 'oracle', 'sha256.json'));
  return (digests[`v${version}`] as { sha256: string }).sha256;
}

/** Exports a source to a plain file, closes it, and compares the file with the reference exporter's of the model. */
async function givesReference(opening: Promise<ModelSource>, model: string, scratch: string): Promise<void> {
  const source = await opening;
  try {
    for (const version of [1, 2] as const) {
      const output = join(scratch, `v${version}.bin`);
      await drain(exportModel({ source, output, version, plain: true }));
      assert.equal(sha256(await readFile(output)), await reference(model, version), `v${version}`);
    }
  } finally {
    await source.close();
  }
}

describe("Meta's files as a source", () => {
  for (const nShards of [1, 2]) {
    for (const embeddingAxis of nShards === 1 ? ([0] as const) : ([0, 1] as const)) {
      it(`give the reference's bytes from ${nShards} of them, the embedding split along ${embeddingAxis}`, () =>
        withFolder(async (scratch) => {
          const folder = join(scratch, 'model');
          await writeMetaFolder(tied, folder, { nShards, embeddingAxis });
          await givesReference(openModelSource(folder, { stated }), tied, scratch);
        }));
    }
  }

  it('give the bytes of a model whose classifier is its own', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writeMetaFolder(untied, folder, { nShards: 2, params: { use_scaled_rope: false } });
      // It is smaller than any tokenizer of Meta's.
      await rm(join(folder, 'tokenizer.model'));
      const { max_position_embeddings: contextLength } = await readJson(join(untied, 'config.json'));
      const source = openModelSource(folder, { stated: { contextLength: Number(contextLength) } });
      await givesReference(source, untied, scratch);
    }));

  it('have the settings of params.json and the tokens of tokenizer.model', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'Llama-3.2-1B', 'original');
      await writeMetaFolder(tied, folder);
      const source = await openModelSource(folder, { stated });
      assert.deepEqual(
        [source.kind, source.name, source.dimensions.sharedClassifier, source.storedType],
        ['checkpoint', 'Llama-3.2-1B', true, 'BF16'],
      );
      const scaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192 };
      const { ropeTheta, ropeScaling, normEpsilon, bosId, eosIds } = source.settings!;
      assert.deepEqual([ropeTheta, ropeScaling, normEpsilon], [500000, scaling, 1e-5]);
      assert.deepEqual([bosId, eosIds], [256, [257, 264, 265]]);
      assert.deepEqual(source.files, ['params.json', 'tokenizer.model', 'consolidated.00.pth']);
      assert.equal(source.tokenizer?.nTokens, 512);
      await failsWith('INVALID_ARGUMENT', (async () => source.complete({ settings: { ropeTheta: 1 } }))());
      await source.close();
      await source.close();
    }));

  it('are told from a pass with the digests of their files', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writeMetaFolder(tied, folder, { nShards: 2 });
      const output = join(scratch, 'out.bin');
      const source = await openModelSource(folder, { stated });
      await drain(exportModel({ source, output }));
      const { files } = (await source.provenance())!;
      for (const path of pathsOf(source)) {
        const { sha256: digest } = files.find((file) => path.endsWith(file.path))!;
        assert.equal(digest, sha256(await readFile(path)), path);
      }
      await source.close();
      const bin = await openModelSource(output);
      assert.deepEqual((await bin.provenance())!.files, files);
      await bin.close();
    }));

  for (const [dim, n_layers, n_heads, factor] of [
    [2048, 16, 32, 32],
    [3072, 28, 24, 32],
    [4096, 32, 32, 8],
    [8192, 80, 64, 8],
    [16384, 126, 128, 8],
  ] as const) {
    it(`of ${n_layers} layers and width ${dim} are known to scale RoPE by ${factor}, for 131072 positions`, () => {
      const params = { dim, n_layers, n_heads, n_kv_heads: 8, rope_theta: 500000, use_scaled_rope: true };
      const { ropeScaling, maxSeqLen } = readMetaSettings(params, {}, 'params.json');
      assert.deepEqual([ropeScaling?.factor, maxSeqLen], [factor, 131072]);
      const other = readMetaSettings(params, { ropeFactor: 4, contextLength: 4096 }, 'params.json');
      assert.deepEqual([other.ropeScaling?.factor, other.maxSeqLen], [4, 4096]);
    });
  }

  it('need the factor of RoPE where their sizes are of no published model', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writeMetaFolder(tied, folder);
      const message = await failsWith('SETTINGS_UNKNOWN', openModelSource(folder));
      assert.match(message, /params\.json: says use_scaled_rope and not by how much, and dim 64 and n_layers 3/);
      await writeMetaFolder(tied, folder, { params: { use_scaled_rope: false, rope_theta: 10000 } });
      assert.match(await failsWith('SETTINGS_UNKNOWN', openModelSource(folder)), /says no context length/);
      await writeMetaFolder(tied, folder, { params: { use_scaled_rope: false } });
      const source = await openModelSource(folder);
      assert.deepEqual([source.dimensions.maxSeqLen, source.settings!.ropeScaling], [8192, null]);
      await source.close();
    }));

  it('are described by inspect, or listed with the reason where settings are missing', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writeMetaFolder(tied, folder);
      const other = await inspectPath(folder);
      assert.ok(other.kind === 'other' && other.problem.code === 'SETTINGS_UNKNOWN');
      assert.ok(other.tensors.some(({ name }) => name === 'layers.0.attention.wq.weight'));
      await writeMetaFolder(tied, folder, { params: { use_scaled_rope: false } });
      for (const path of [folder, join(folder, 'consolidated.00.pth')]) {
        const found = await inspectPath(path);
        assert.ok(found.kind === 'checkpoint');
        assert.equal(found.dimensions.dim, 64);
      }
    }));

  const changes: readonly (readonly [
    title: string,
    code: string,
    message: RegExp,
    options: Parameters<typeof writeMetaFolder>[2],
  ])[] = [
    ['of Llama 3.2 Vision', 'UNSUPPORTED_MODEL', /is Llama 3\.2 Vision/, { params: { vision_chunk_size: 560 } }],
    [
      'of SpinQuant',
      'UNSUPPORTED_MODEL',
      /already quantized \(Meta's SpinQuant, in rotated bases, 4 bits in groups of 32, for ExecuTorch\)/,
      { params: { quantization_args: { group_size: 32 } } },
    ],
    [
      'of QLoRA',
      'UNSUPPORTED_MODEL',
      /already quantized \(Meta's QLoRA, with adapters beside the weights, 4 bits in groups of 32/,
      { params: { quantization_args: { group_size: 32 }, lora_args: { rank: 16 } } },
    ],
    ['with heads that do not divide', 'BAD_CONFIG', /dim 64 over n_heads 7/, { params: { n_heads: 7 } }],
    ['without a width', 'BAD_CONFIG', /dim null, expected a whole number/, { params: { dim: null } }],
    ['with a base of RoPE below 1', 'BAD_CONFIG', /rope_theta 0, expected/, { params: { rope_theta: 0 } }],
    ['with a scaling that is a text', 'BAD_CONFIG', /use_scaled_rope "yes"/, { params: { use_scaled_rope: 'yes' } }],
    ['of more layers than weights', 'MISSING_TENSOR', /no tensor layers\.3\./, { params: { n_layers: 4 } }],
    [
      'of fewer layers than weights',
      'UNEXPECTED_TENSOR',
      /"layers\.2\..*consolidated\.00/,
      { params: { n_layers: 2 } },
    ],
    [
      'of another vocabulary',
      'BAD_TENSOR_SHAPE',
      /tok_embeddings\.weight has shape \[512,64\]/,
      { params: { vocab_size: 500 } },
    ],
    ['in int8', 'UNSUPPORTED_DTYPE', /is I8, expected BF16/, { change: (all) => all.map(inBytes) }],
    [
      'whose parts differ in their norms',
      'BAD_WEIGHTS',
      /norm\.weight of consolidated\.01\.pth differs/,
      { nShards: 2, change: (all, shard) => (shard === 0 ? all : all.map(withOtherNorm)) },
    ],
  ];
  for (const [title, code, message, options] of changes) {
    it(`${title} are refused`, () =>
      withFolder(async (scratch) => {
        const folder = join(scratch, 'model');
        await writeMetaFolder(tied, folder, options);
        assert.match(await failsWith(code, openModelSource(folder, { stated })), message);
      }));
  }

  it('are refused without all their parts', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writeMetaFolder(tied, folder, { nShards: 2 });
      await rename(join(folder, 'consolidated.00.pth'), join(scratch, 'first.pth'));
      const open = () => openModelSource(folder, { stated });
      assert.match(await failsWith('NOT_A_CHECKPOINT', open()), /expected consolidated\.00\.pth as well/);
      await rename(join(scratch, 'first.pth'), join(folder, 'consolidated.00.pth'));
      await rm(join(folder, 'consolidated.01.pth'));
      assert.match(await failsWith('BAD_TENSOR_SHAPE', open()), /has shape \[256,64\], expected \[512,64\]/);
      await rm(join(folder, 'params.json'));
      assert.match(
        await failsWith('NOT_A_CHECKPOINT', open()),
        /a part of Meta’s original files; expected params\.json/,
      );
    }));

  it('come after a checkpoint in the same folder, to which nothing can be stated', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writeMetaFolder(tied, folder);
      await cp(tied, folder, { recursive: true });
      const source = await openModelSource(folder);
      assert.ok(source.files.includes('config.json') && !source.files.includes('params.json'));
      await source.close();
      await failsWith('INVALID_ARGUMENT', openModelSource(folder, { stated }));
    }));

  it('are named by the folder above them', () =>
    withFolder(async (scratch) => {
      await writeMetaFolder(tied, join(scratch, 'model', 'original'));
      assert.match(
        await failsWith('NOT_A_CHECKPOINT', openModelSource(join(scratch, 'model'))),
        /below it \(original\)/,
      );
    }));
});

/** A tensor as bytes. */
function inBytes(tensor: SavedTensor): SavedTensor {
  const nValues = tensor.shape.reduce((product, n) => product * n, 1);
  return { ...tensor, type: 'CharStorage', data: new Uint8Array(nValues) };
}

function withOtherNorm(tensor: SavedTensor): SavedTensor {
  return tensor.name === 'norm.weight' ? { ...tensor, data: new Uint8Array(tensor.data.byteLength) } : tensor;
}

describe("llama2.c's training checkpoint as a source", () => {
  it("gives the reference's bytes, and takes the tokenizer that it does not hold", () =>
    withFolder(async (scratch) => {
      const path = join(scratch, 'ckpt.pt');
      await writeTrainingFile(tied, path);
      await givesReference(openModelSource(path), tied, scratch);
      const source = await openModelSource(path);
      const { ropeTheta, ropeScaling } = source.settings!;
      assert.deepEqual([source.name, ropeTheta, ropeScaling, source.tokenizer], ['ckpt', 10000, null, null]);
      assert.match(source.warnings.join(), /holds no tokenizer/);
      assert.equal(source.dimensions.maxSeqLen, 4096);
      assert.equal(source.complete({ tokenizer: { nTokens: 512 } as never }).tokenizer?.nTokens, 512);
      await source.close();
      const found = await inspectPath(path);
      assert.equal(found.kind, 'checkpoint');
    }));

  it('is refused where it holds no settings, and listed by inspect', () =>
    withFolder(async (scratch) => {
      const path = join(scratch, 'weights.pth');
      await writeMetaFolder(tied, scratch);
      await rename(join(scratch, 'consolidated.00.pth'), path);
      assert.match(await failsWith('NOT_A_CHECKPOINT', openModelSource(path)), /no settings \(model_args\)/);
      const found = await inspectPath(path);
      assert.ok(found.kind === 'other' && found.tensors.length === (await metaTensors(tied)).length);
    }));
});

describe('pytorch_model.bin as the weights of a checkpoint', () => {
  for (const nShards of [1, 3]) {
    it(`gives the reference's bytes from ${nShards} of them`, () =>
      withFolder(async (scratch) => {
        const folder = join(scratch, 'model');
        await writePytorchFolder(tied, folder, nShards);
        await givesReference(openModelSource(folder), tied, scratch);
        const found = await inspectPath(folder);
        assert.equal(found.kind, 'checkpoint');
        if (nShards > 1) return;
        const file = await inspectPath(join(folder, 'pytorch_model.bin'));
        assert.ok(file.kind === 'other' && /part of a checkpoint/.test(file.problem.message));
      }));
  }

  it('comes after safetensors, and is refused without all its shards, without its index, and with a tensor in two', () =>
    withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await writePytorchFolder(tied, folder, 3);
      const index = join(folder, 'pytorch_model.bin.index.json');
      const last = join(folder, 'pytorch_model-00003-of-00003.bin');
      const bytes = await readFile(last);
      await rm(last);
      assert.match(
        await failsWith('NOT_A_CHECKPOINT', openModelSource(folder)),
        /2 of the 3 shards.*00003-of-00003\.bin/,
      );
      await writeFile(last, await readFile(join(folder, 'pytorch_model-00001-of-00003.bin')));
      assert.match(
        await failsWith('SAFETENSORS_INDEX', openModelSource(folder)),
        /is in "pytorch_model-00001.*expected in one/,
      );
      await writeFile(last, bytes);
      await rm(index);
      assert.match(
        await failsWith('NOT_A_CHECKPOINT', openModelSource(folder)),
        /pytorch_model\.bin\.index\.json as well/,
      );
      await cp(tied, folder, { recursive: true });
      const source = await openModelSource(folder);
      assert.ok(source.files.every((path) => !path.endsWith('.bin')));
      await source.close();
    }));
});
