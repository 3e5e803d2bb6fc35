// The contract of every kind of source: the same model gives the same facts and the same rows.

import { strict as assert } from 'node:assert';
import { cp, mkdtemp, readFile, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  convertModel,
  downloadedSnapshot,
  downloadSnapshot,
  exportModel,
  type ModelSource,
  openModelSource,
  pathsOf,
  rowUnit,
  streamSnapshot,
  type WeightRows,
} from '@llama-ts/exporter';
import { type BinTensor, columnsOf, layout, rowsOf } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { type FakeHub, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { drain, failsWith, golden, readJson, sha256 } from './support.js';

const REPO = 'meta-llama/Tiny-Instruct';
const valueBytes = { F32: 4, F16: 2, BF16: 2 };

/** A kind of source, and the facts of the one under test. */
interface Kind {
  readonly title: string;
  readonly open: (signal?: AbortSignal) => Promise<ModelSource>;
  readonly kind: ModelSource['kind'];
  readonly name: () => string;
  readonly modelName: () => string;
  readonly hasCommit: boolean;
  /** The file that holds it all, of a kind that does not keep generation defaults and the files that name end tokens. */
  readonly file?: () => string;
}

let scratch: string;
let hub: FakeHub | undefined;
/** The sample model as v1; its weights are the reference exporter's, byte for byte. */
let v1: Buffer;
let tensors: readonly BinTensor[];

const path = (name: string): string => join(scratch, name);
const hubOptions = () => ({
  endpoint: hub!.url,
  cacheDir: path('cache'),
  ...(canaryToken === '' ? {} : { token: canaryToken }),
});

const kinds: readonly Kind[] = [
  {
    title: 'a v1 file',
    open: (signal) => openModelSource(path('v1.bin'), { signal }),
    kind: 'bin',
    name: () => path('v1.bin'),
    modelName: () => 'model',
    hasCommit: false,
  },
  {
    title: 'a v0 file',
    open: (signal) => openModelSource(path('v0.bin'), { signal }),
    kind: 'bin',
    name: () => path('v0.bin'),
    modelName: () => 'model',
    hasCommit: false,
  },
  {
    title: 'a folder',
    open: (signal) => openModelSource(path('model'), { signal }),
    kind: 'checkpoint',
    name: () => 'model',
    modelName: () => 'model',
    hasCommit: false,
  },
  {
    title: 'a GGUF file',
    open: (signal) => openModelSource(path('model.gguf'), { signal }),
    kind: 'gguf',
    name: () => path('model.gguf'),
    modelName: () => 'model',
    hasCommit: false,
    file: () => path('model.gguf'),
  },
  {
    title: 'a repository',
    open: (signal) =>
      openModelSource(REPO, {
        download: async ({ repo }) =>
          downloadedSnapshot((await drain(downloadSnapshot({ ...hubOptions(), repo }))).result),
        signal,
      }),
    kind: 'checkpoint',
    name: () => REPO,
    modelName: () => REPO,
    hasCommit: true,
  },
  {
    title: 'a repository whose weights stay at the hub',
    open: (signal) =>
      openModelSource(REPO, {
        download: ({ repo }) =>
          streamSnapshot({
            ...hubOptions(),
            repo,
            download: async (small) => (await drain(downloadSnapshot(small))).result,
          }),
        signal,
      }),
    kind: 'checkpoint',
    name: () => REPO,
    modelName: () => REPO,
    hasCommit: true,
  },
];

/** Every value of a tensor, read in steps of about half of its rows. */
async function readAll(rows: WeightRows, tensor: BinTensor, source: ModelSource): Promise<Float32Array> {
  const unit = rowUnit(tensor, source.dimensions);
  const step = unit * Math.max(1, Math.floor(rowsOf(tensor) / unit / 2));
  const dtype = rows.dtypeOf(tensor);
  const values: number[] = [];
  for (let firstRow = 0; firstRow < rowsOf(tensor); firstRow += step) {
    const nRows = Math.min(step, rowsOf(tensor) - firstRow);
    const bytes = new Uint8Array(nRows * columnsOf(tensor) * valueBytes[dtype]);
    await (await rows.readRows(tensor, firstRow, nRows, bytes)).hashed;
    values.push(...widen(bytes, dtype));
  }
  return Float32Array.from(values);
}

function widen({ buffer }: Uint8Array, dtype: 'F32' | 'F16' | 'BF16'): Float32Array {
  if (dtype === 'F32') return new Float32Array(buffer);
  assert.equal(dtype, 'BF16');
  return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
}

/** Values of a tensor in the file of v1. */
function expected({ byteOffset, nValues }: BinTensor): Float32Array {
  return new Float32Array(new Uint8Array(v1.subarray(byteOffset, byteOffset + 4 * nValues)).buffer);
}

async function withSource(kind: Kind, use: (source: ModelSource) => Promise<void>): Promise<void> {
  const source = await kind.open();
  try {
    await use(source);
  } finally {
    await source.close();
  }
}

describe('a source of every kind', function () {
  this.timeout(60_000);

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'llama-sources-'));
    await cp(sampleModelPath, path('model'), { recursive: true });
    for (const version of [0, 1, 2, 3] as const) {
      await drain(exportModel({ source: path('model'), output: path(`v${version}.bin`), version }));
    }
    await drain(convertModel({ source: path('model'), output: path('model.gguf'), to: 'gguf' }));
    v1 = await readFile(path('v1.bin'));
    const reference = (await readJson(golden('sample', 'sha256.json'))).v1 as { sha256: string; bytes: number };
    assert.equal(sha256(v1.subarray(0, reference.bytes)), reference.sha256);
    await withSource(kinds[0]!, async ({ dimensions }) => {
      tensors = layout({ version: 1, dimensions, groupSize: null }).tensors;
    });
    hub = await startFakeHub({ repos: { [REPO]: fakeRepo(await filesIn(path('model'))) } });
  });

  after(async () => {
    await hub?.stop();
    await rm(scratch, { recursive: true });
  });

  for (const kind of kinds) {
    describe(kind.title, () => {
      it(`reports its kind, name and files: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          assert.deepEqual([source.kind, source.name, source.modelName], [kind.kind, kind.name(), kind.modelName()]);
          assert.equal(source.commit !== null, kind.hasCommit);
          assert.deepEqual(source.warnings, []);
          for (const file of source.isStream ? [] : pathsOf(source)) assert.ok((await stat(file)).isFile(), file);
        }));

      it(`has the facts of the model: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          const folder = await openModelSource(path('model'));
          await folder.close();
          const all = ['dimensions', 'settings', 'chatTemplate', 'eosSources', 'generation'] as const;
          for (const fact of kind.file === undefined ? all : all.slice(0, 3)) {
            assert.deepEqual(source[fact], folder[fact], fact);
          }
          assert.equal(source.tokenizer!.nTokens, source.dimensions.vocabSize);
          assert.deepEqual(source.tokenizer!.specialTokens, folder.tokenizer!.specialTokens);
          const { settings, tokenizer } = source.complete({});
          assert.deepEqual([settings, tokenizer], [source.settings, source.tokenizer]);
        }));

      it(`refuses settings from the caller that it has itself: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          await failsWith('INVALID_ARGUMENT', (async () => source.complete({ settings: { ropeTheta: 1 } }))());
        }));

      it(`lists its tensors: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          const nValues = ({ shape }: { shape: readonly number[] }) => shape.reduce((product, n) => product * n, 1);
          const total = tensors.reduce((sum, tensor) => sum + tensor.nValues, 0);
          const weights = source.tensors.filter(({ name }) => !/^rope[._]/.test(name));
          assert.equal(weights.length, tensors.length);
          assert.equal(
            weights.reduce((sum, tensor) => sum + nValues(tensor), 0),
            total,
          );
        }));

      it(`reads the rows of each tensor in one pass, and names the digests of its files: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          const pass = source.pass({ digests: true });
          const order = [...tensors].sort((a, b) => (pass.placeOf?.(a) ?? 0) - (pass.placeOf?.(b) ?? 0));
          for (const tensor of order) {
            assert.deepEqual(await readAll(pass, tensor, source), expected(tensor), tensor.name);
          }
          const passed = await pass.finish();
          const provenance = await source.provenance({ passed });
          assert.equal(provenance!.source, kind.modelName());
          if (kind.file !== undefined) {
            const digest = sha256(await readFile(kind.file()));
            assert.deepEqual(
              provenance!.files.map((file) => file.sha256),
              [digest],
            );
            return;
          }
          const files = provenance!.files.filter((file) => file.path.endsWith('.safetensors'));
          assert.equal(files.length, 3);
          for (const file of files) {
            assert.equal(file.sha256, sha256(await readFile(join(sampleModelPath, file.path))), file.path);
          }
        }));

      it(`reads the rows of any tensor, in any order of tensors: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          for (const tensor of [...tensors].reverse()) {
            assert.equal(source.weights.quantizationOf(tensor), null);
            assert.deepEqual(await readAll(source.weights, tensor, source), expected(tensor), tensor.name);
          }
        }));

      it(`is exported to the bytes that it was made from: ${kind.title}`, () =>
        withSource(kind, async (source) => {
          const output = path('again.bin');
          const { result } = await drain(exportModel({ source, output, force: true }));
          const bytes = await readFile(output);
          assert.ok(bytes.subarray(0, result.weightsEnd).equals(v1.subarray(0, result.weightsEnd)));
        }));

      it(`has one identity while its files are unchanged: ${kind.title}`, async () => {
        const [a, b] = [await kind.open(), await kind.open()];
        assert.equal(await a.identity(), await b.identity());
        assert.notEqual(await a.identity(), '');
        await Promise.all([a.close(), b.close()]);
      });

      it(`can be closed twice: ${kind.title}`, async () => {
        const source = await kind.open();
        await source.close();
        await source.close();
      });

      it(`ends with the reason of an abort, when it is opened and when it is read: ${kind.title}`, async () => {
        const reason = new Error('enough');
        await assert.rejects(kind.open(AbortSignal.abort(reason)), reason);
        await withSource(kind, async (source) => {
          const [tensor] = tensors;
          const into = new Uint8Array(4 * columnsOf(tensor!));
          const signal = AbortSignal.abort(reason);
          await assert.rejects(source.weights.readRows(tensor!, 0, 1, into, signal), reason);
          const pass = source.pass({ digests: false });
          await assert.rejects(pass.readRows(tensor!, 0, 1, into, signal), reason);
        });
      });
    });
  }

  it('has another identity after a file of a folder or a .bin file changed', async () => {
    for (const [name, file] of [
      ['v1.bin', path('v1.bin')],
      ['model', join(path('model'), 'config.json')],
    ] as const) {
      const source = await openModelSource(path(name));
      const identity = await source.identity();
      await utimes(file, 1, 1);
      assert.notEqual(await source.identity(), identity, name);
      await source.close();
    }
  });

  it('reads the rows of a v2 file as they are stored, and as the products of values and scales', async () => {
    const source = await openModelSource(path('v2.bin'));
    assert.ok(source.isQuantized);
    const [wq] = tensors.filter(({ kind }) => kind === 'wq');
    const encoding = source.weights.quantizationOf(wq!);
    assert.ok(encoding?.isQuantized);
    const bytes = new Uint8Array(4 * wq!.nValues);
    const { stored, hashed } = await source.weights.readRows(wq!, 0, rowsOf(wq!), bytes);
    await hashed;
    const { groupSize } = encoding;
    const products = Float32Array.from(
      stored!.values,
      (value, i) => value * stored!.scales[Math.floor(i / groupSize)]!,
    );
    assert.deepEqual(new Float32Array(bytes.buffer), products);
    await source.close();
  });

  it('is not opened by a missing path or by a repository that cannot be fetched', async () => {
    await failsWith('SOURCE_NOT_FOUND', openModelSource(path('missing.bin')));
    await failsWith('SOURCE_NOT_FOUND', openModelSource(REPO));
    await failsWith('SOURCE_NOT_FOUND', openModelSource(path('model'), { openers: [] }));
  });
});
