// Outputs: other weight types, refusals that cost no data, aborts that leave nothing.

import { strict as assert } from 'node:assert';
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { createDurableFile } from '@llama-ts/durable';
import { exportModel, inspectPath, openModelSource, quantizeModel, sourceOpeners } from '@llama-ts/exporter';
import { decodeTokenizerBin, readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { copyModel, drain, failsWith, golden, rewriteWeights, sha256, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');
const untied = golden('untied-mha-f32');

describe('an export', () => {
  it('gives the same file from BF16 weights and from their values in F32, in any mix', async () => {
    await withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await copyModel(tied, folder);
      let index = 0;
      await rewriteWeights(folder, (tensor) =>
        index++ % 2 === 0 ? tensor : { ...tensor, dtype: 'F32', data: widenBf16(tensor.data) },
      );
      const [mixed, pure] = [join(scratch, 'mixed.bin'), join(scratch, 'pure.bin')];
      await drain(exportModel({ source: folder, output: mixed, version: 2, plain: true }));
      await drain(exportModel({ source: tied, output: pure, version: 2, plain: true }));
      assert.equal(sha256(await readFile(mixed)), sha256(await readFile(pure)));
    });
  });

  it('widens F16 weights exactly', async () => {
    await withFolder(async (scratch) => {
      const folder = join(scratch, 'model');
      await copyModel(tied, folder);
      // 1.5, −2, the smallest subnormal, 65504
      const halves = [0x3e00, 0xc000, 0x0001, 0x7bff];
      await rewriteWeights(folder, (tensor) => {
        if (tensor.name !== 'model.norm.weight') return tensor;
        const data = new Uint8Array(new Uint16Array(64).map((_, i) => halves[i % 4]!).buffer);
        return { ...tensor, dtype: 'F16', data };
      });
      const output = join(scratch, 'model.bin');
      await drain(exportModel({ source: folder, output }));
      const bytes = await readFile(output);
      const { layout } = await readBinFile(bytesSource(bytes, 'model.bin'));
      const { byteOffset } = layout.tensors.find(({ name }) => name === 'norm.weight')!;
      const values = [0, 1, 2, 3].map((i) => bytes.readFloatLE(byteOffset + 4 * i));
      assert.deepEqual(values, [1.5, -2, 2 ** -24, 65504]);
    });
  });

  for (const [title, bits, dtype] of [
    ['NaN', 0x7fc0, 'BF16'],
    ['infinity', 0xff80, 'BF16'],
    ['NaN of float32', 0x7fc0, 'F32'],
    ['infinity of float32', 0xff80, 'F32'],
  ] as const) {
    for (const version of [0, 1, 2, 3] as const) {
      it(`refuses ${title} in v${version}, names tensor, row and column, and leaves no file`, async () => {
        await withFolder(async (scratch) => {
          const folder = join(scratch, 'model');
          await copyModel(tied, folder);
          await rewriteWeights(folder, (tensor) => {
            if (tensor.name !== 'model.layers.1.mlp.down_proj.weight') return tensor;
            const data = tensor.data.slice();
            new DataView(data.buffer).setUint16(2 * (5 * 192 + 7), bits, true);
            return { ...tensor, dtype, data: dtype === 'F32' ? widenBf16(data) : data };
          });
          const output = join(scratch, 'model.bin');
          const message = await failsWith('BAD_WEIGHTS', drain(exportModel({ source: folder, output, version })));
          assert.match(message, /layers\.1\.feed_forward\.w2\.weight .* row 5, column 7/);
          assert.deepEqual(await readdir(scratch), ['model']);
        });
      });
    }
  }
});

describe('the output path of an export', () => {
  it('is refused when a file exists there, which force replaces', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.bin');
      await writeFile(output, 'precious');
      await failsWith('OUTPUT_EXISTS', drain(exportModel({ source: tied, output })));
      assert.equal(await readFile(output, 'utf8'), 'precious');
      await drain(exportModel({ source: tied, output, force: true }));
      assert.ok((await stat(output)).size > 100000);
      assert.deepEqual(await readdir(scratch), ['model.bin']);
    });
  });

  it('is refused when it is a folder, is read-only, or lies in a folder that is missing', async () => {
    await withFolder(async (scratch) => {
      await mkdir(join(scratch, 'folder'));
      await writeFile(join(scratch, 'fixed.bin'), '', { mode: 0o444 });
      const attempt = (...parts: string[]) =>
        drain(exportModel({ source: tied, output: join(scratch, ...parts), force: true }));
      await failsWith('OUTPUT_NOT_A_FILE', attempt('folder'));
      await failsWith('OUTPUT_READ_ONLY', attempt('fixed.bin'));
      await failsWith('OUTPUT_FOLDER_MISSING', attempt('missing', 'model.bin'));
    });
  });

  it('is refused when it is the input, by its own name, a symbolic and a hard link, with force too', async () => {
    await withFolder(async (scratch) => {
      const input = join(scratch, 'v1.bin');
      await drain(exportModel({ source: tied, output: input }));
      const before = sha256(await readFile(input));
      await symlink(input, join(scratch, 'symbolic.bin'));
      await link(input, join(scratch, 'hard.bin'));
      for (const name of ['v1.bin', 'symbolic.bin', 'hard.bin']) {
        await failsWith('OUTPUT_IS_INPUT', drain(quantizeModel({ input, output: join(scratch, name), force: true })));
      }
      assert.equal(sha256(await readFile(input)), before);
      const folder = join(scratch, 'model');
      await copyModel(untied, folder);
      const output = join(folder, 'model.safetensors');
      await failsWith('OUTPUT_IS_INPUT', drain(exportModel({ source: folder, output, force: true })));
    });
  });

  it('has no file when the wrong number of bytes was written', async () => {
    await withFolder(async (scratch) => {
      const file = await createDurableFile(join(scratch, 'file'), {});
      await file.writeAt(new Uint8Array(3), 0);
      await failsWith('WRITE_FAILED', file.commit(4));
      await file.discard();
      assert.deepEqual(await readdir(scratch), []);
    });
  });

  it('has no file, or its older file, after an abort at any tensor or an early return', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.bin');
      await writeFile(output, 'precious');
      for (const at of [0, 7, 20]) {
        const controller = new AbortController();
        const reason = new Error('enough');
        const work = async (): Promise<void> => {
          for await (const event of exportModel({
            source: tied,
            output,
            version: 2,
            force: true,
            signal: controller.signal,
          })) {
            if (event.type === 'tensor-end' && event.index === at) controller.abort(reason);
          }
        };
        await assert.rejects(work(), reason);
        for await (const event of exportModel({ source: tied, output, version: 2, force: true })) {
          if (event.type === 'tensor-end' && event.index === at) break;
        }
        assert.deepEqual(await readdir(scratch), ['model.bin']);
        assert.equal(await readFile(output, 'utf8'), 'precious');
      }
      const aborted = AbortSignal.abort(new Error('before'));
      await assert.rejects(drain(exportModel({ source: tied, output, signal: aborted })), /before/);
      await assert.rejects(drain(quantizeModel({ input: output, output, signal: aborted })), /before/);
    });
  });
});

describe('exportModel', () => {
  it('reports every tensor at its start and end, and the highest error in its result', async () => {
    await withFolder(async (scratch) => {
      const { events, result } = await drain(
        exportModel({ source: tied, output: join(scratch, 'v2.bin'), version: 2 }),
      );
      const starts = events.filter(({ type }) => type === 'tensor-start');
      const ends = events.flatMap((event) => (event.type === 'tensor-end' ? [event] : []));
      assert.equal(starts.length, ends.length);
      assert.deepEqual(
        ends.map(({ index }) => index).sort((a, b) => a - b),
        ends.map((_, i) => i),
      );
      assert.equal(Math.max(...ends.map(({ maxError }) => maxError ?? 0)), result.maxError);
      assert.equal(
        ends.reduce((sum, { byteLength }) => sum + byteLength, 256),
        result.weightsEnd,
      );
      assert.match(events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).join(), /tokenizer/);
    });
  });

  it('records the sha256 of every source file, of each shard too', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'm.bin');
      await drain(exportModel({ source: sampleModelPath, output }));
      const { trailer } = await readBinFile(bytesSource(await readFile(output), 'm.bin'));
      const { files } = trailer!.description.provenance;
      assert.equal(files.filter(({ path }) => path.endsWith('.safetensors')).length, 3);
      for (const { path, ...found } of files) {
        const bytes = await readFile(join(sampleModelPath, path));
        assert.deepEqual(found, { byteLength: bytes.byteLength, sha256: sha256(bytes) }, path);
      }
    });
  });

  it('records the sha256 of a shard that the hub states', async () => {
    await withFolder(async (scratch) => {
      const [shard, sha] = ['model-00002-of-00003.safetensors', 'ab'.repeat(32)];
      const checkpoint = await openModelSource('owner/name', {
        download: async ({ repo: source }) => ({
          folder: sampleModelPath,
          source,
          commit: 'c0ffee',
          sha256: new Map([[shard, sha]]),
        }),
      });
      const [output, plain] = [join(scratch, 'm.bin'), join(scratch, 'plain.bin')];
      await drain(exportModel({ source: checkpoint, output }));
      await checkpoint.close();
      await drain(exportModel({ source: sampleModelPath, output: plain, plain: true }));
      const bytes = await readFile(output);
      const { trailer, layout } = await readBinFile(bytesSource(bytes, 'm.bin'));
      assert.equal(trailer!.description.provenance.files.find(({ path }) => path === shard)?.sha256, sha);
      assert.ok((await readFile(plain)).equals(bytes.subarray(0, layout.weightsEnd)));
    });
  });

  it('writes a tokenizer.bin with every token, and refuses one where there is no tokenizer', async () => {
    await withFolder(async (scratch) => {
      const [output, tokenizerBin] = [join(scratch, 'model.bin'), join(scratch, 'tokenizer.bin')];
      await failsWith('NO_TOKENIZER', drain(exportModel({ source: tied, output, tokenizerBin })));
      await failsWith(
        'INVALID_ARGUMENT',
        drain(exportModel({ source: sampleModelPath, output, tokenizerBin: output, force: true })),
      );
      await drain(exportModel({ source: sampleModelPath, output, tokenizerBin }));
      const { tokens } = decodeTokenizerBin(await readFile(tokenizerBin), 1329, 'tokenizer.bin');
      assert.equal(Buffer.from(tokens[1073]!).toString(), '<|begin_of_text|>');
    });
  });

  it('refuses an explicit group size that does not divide, before anything is written', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.bin');
      await failsWith('BAD_GROUP_SIZE', drain(exportModel({ source: tied, output, version: 2, groupSize: 48 })));
      assert.deepEqual(await readdir(scratch), []);
    });
  });

  it('gives the same bytes in two runs', async () => {
    await withFolder(async (scratch) => {
      const outputs = [join(scratch, 'a.bin'), join(scratch, 'b.bin')];
      for (const output of outputs) await drain(exportModel({ source: sampleModelPath, output, version: 2 }));
      const [a, b] = await Promise.all(outputs.map((output) => readFile(output)));
      assert.equal(Buffer.compare(a!, b!), 0);
    });
  });
});

describe('quantizeModel', () => {
  it('refuses a v2 file', async () => {
    await withFolder(async (scratch) => {
      const input = join(scratch, 'v2.bin');
      await drain(exportModel({ source: tied, output: input, version: 2 }));
      await failsWith('ALREADY_QUANTIZED', drain(quantizeModel({ input, output: join(scratch, 'out.bin') })));
    });
  });

  it('refuses a weight that changed since its checksum was taken, and leaves nothing', async () => {
    await withFolder(async (scratch) => {
      const input = join(scratch, 'v1.bin');
      await drain(exportModel({ source: tied, output: input }));
      const bytes = await readFile(input);
      bytes[400000]! ^= 1;
      await writeFile(input, bytes);
      await failsWith('BAD_CHECKSUM', drain(quantizeModel({ input, output: join(scratch, 'out.bin') })));
      assert.deepEqual(await readdir(scratch), ['v1.bin']);
    });
  });
});

describe('inspectPath', () => {
  it('describes a .bin file, a safetensors file and a folder as JSON', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'model.bin');
      await drain(exportModel({ source: sampleModelPath, output, version: 2 }));
      const bin = await inspectPath(output);
      assert.ok(bin.kind === 'bin');
      assert.equal(bin.version, 2);
      assert.equal(bin.trailer?.tokenizer?.nTokens, 1329);
      assert.equal(bin.trailer?.byteLength, bin.byteLength - bin.weightsEnd);
      const folder = await inspectPath(sampleModelPath);
      assert.ok(folder.kind === 'checkpoint');
      assert.equal(folder.nParameters, bin.nParameters);
      const shard = await inspectPath(join(sampleModelPath, 'model-00001-of-00003.safetensors'));
      assert.equal(shard.kind, 'safetensors');
      for (const found of [bin, folder, shard]) assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
      await failsWith('FILE_NOT_FOUND', inspectPath(join(scratch, 'missing.bin')));
    });
  });
});

describe('openModelSource', () => {
  it('downloads what is no folder, and states repository, commit and known checksums', async () => {
    const sha = 'ab'.repeat(32);
    const checkpoint = await openModelSource('owner/name', {
      download: async ({ repo: source }) => ({
        folder: tied,
        source,
        commit: 'c0ffee',
        sha256: new Map([['config.json', sha]]),
      }),
    });
    const files = (await checkpoint.provenance())!.files;
    await checkpoint.close();
    assert.equal(checkpoint.name, 'owner/name');
    assert.equal(checkpoint.commit, 'c0ffee');
    assert.equal(files.find(({ path }) => path === 'config.json')?.sha256, sha);
  });

  it('opens a folder without asking the hub, and refuses a file and what cannot be an id', async () => {
    const download = async (): Promise<never> => {
      throw new Error('asked the hub');
    };
    await (await openModelSource(tied, { download })).close();
    await failsWith(
      'SOURCE_NOT_FOUND',
      openModelSource(join(tied, 'config.json'), { download, openers: [sourceOpeners.folder, sourceOpeners.hub] }),
    );
    for (const name of ['../../no-such-folder', 'a/../b', 'https://user:secret@host/x', 'a/b/c', '']) {
      const message = await failsWith('SOURCE_NOT_FOUND', openModelSource(name, { download }));
      assert.ok(!message.includes('secret'));
    }
  });
});

function widenBf16(data: Uint8Array): Uint8Array {
  const wide = new Uint8Array(2 * data.length);
  for (let i = 0; i < data.length; i += 2) wide.set(data.subarray(i, i + 2), 2 * i + 2);
  return wide;
}
