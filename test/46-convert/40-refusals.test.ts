// What convert refuses, what it replaces with force, and a plain file with what its user knows of it.

import { strict as assert } from 'node:assert';
import * as nodeFiles from 'node:fs/promises';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { type ConvertOptions, type ConvertTarget, convertModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { failsWith, withFolder } from '../40-exporter/support.js';
import { tokenizerDataFromJson } from '../helpers/tokenizer-json.js';
import { readJson, sampleFile } from '../helpers/tokenizers.js';
import { assertSameTensors, convert, exportBin } from './support.js';

const sampleTokenizer = tokenizerDataFromJson(readJson(sampleFile('tokenizer.json')));
const settings = { ropeTheta: 10000, ropeScaling: null };

describe('convert refuses', () => {
  for (const to of ['v0', 'v1', 'v2'] as const) {
    it(`a tokenizer and settings for ${to}, where they would be lost`, async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(sampleModelPath, join(scratch, 'plain.bin'), 1, true);
        const common = { source, output: join(scratch, 'out'), to, plain: true };
        await failsWith('INVALID_ARGUMENT', convert({ ...common, tokenizer: sampleTokenizer }));
        await failsWith('INVALID_ARGUMENT', convert({ ...common, settings }));
        assert.deepEqual(await readdir(scratch), ['plain.bin']);
      });
    });
  }

  it('a tokenizer and settings beside a file that holds its own, and beside a folder', async () => {
    await withFolder(async (scratch) => {
      const bin = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
      for (const source of [bin, sampleModelPath]) {
        const common = { source, output: join(scratch, 'out.gguf'), to: 'gguf' } as const;
        await failsWith('INVALID_ARGUMENT', convert({ ...common, tokenizer: sampleTokenizer }));
        await failsWith('INVALID_ARGUMENT', convert({ ...common, settings }));
      }
    });
  });

  it('a plain file of an unknown model, and a tokenizer of another size', async () => {
    await withFolder(async (scratch) => {
      const source = await exportBin(sampleModelPath, join(scratch, 'plain.bin'), 1, true);
      const common = { source, output: join(scratch, 'out.gguf'), to: 'gguf' } as const;
      assert.match(
        await failsWith('SETTINGS_UNKNOWN', convert(common)),
        /dim 128, 5 layers and 1329 tokens is no published Llama 3 model/,
      );
      const tokenizer = { ...sampleTokenizer, nTokens: 1328 };
      await failsWith('BAD_TOKENIZER', convert({ ...common, settings, tokenizer }));
    });
  });

  it('a v2 file to quantize again', async () => {
    await withFolder(async (scratch) => {
      const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 2);
      await failsWith('ALREADY_QUANTIZED', convert({ source, output: join(scratch, 'out.bin'), to: 'v2' }));
    });
  });

  for (const to of ['v0', 'v1', 'gguf', 'safetensors'] as const) {
    it(`a damaged source of a conversion to ${to}, and leaves nothing`, async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 2);
        const bytes = await readFile(source);
        bytes[bytes.length >> 1]! ^= 1;
        await writeFile(source, bytes);
        await failsWith('BAD_CHECKSUM', convert({ source, output: join(scratch, 'out'), to }));
        assert.deepEqual(await readdir(scratch), ['model.bin']);
      });
    });

    it(`a source that changes during the conversion to ${to}, and leaves nothing`, async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
        const touch = () => utimes(source, 5, 5);
        await failsWith('SOURCE_CHANGED', withChange({ source, output: join(scratch, 'out'), to }, touch));
        assert.deepEqual(await readdir(scratch), ['model.bin']);
      });
    });
  }

  it('a folder that changes during the conversion', async () => {
    await withFolder(async (scratch) => {
      const source = join(scratch, 'model');
      await convert({ source: sampleModelPath, output: source, to: 'safetensors' });
      const touch = () => utimes(join(source, 'tokenizer.json'), 5, 5);
      await failsWith('SOURCE_CHANGED', withChange({ source, output: join(scratch, 'out'), to: 'gguf' }, touch));
      assert.deepEqual(await readdir(scratch), ['model']);
    });
  });
});

describe('convert without disk space', () => {
  for (const to of ['v0', 'v1', 'v2', 'gguf', 'safetensors'] as const) {
    it(`for ${to} is refused before the first tensor, and leaves nothing`, async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
        const statfs = async () => ({ ...(await nodeFiles.statfs(scratch)), bavail: 100, bsize: 4096 });
        const files = { ...nodeFiles, statfs: statfs as unknown as typeof nodeFiles.statfs };
        const run = convertModel({ source, output: join(scratch, 'out'), to, files });
        const seen: string[] = [];
        const watched = async (): Promise<void> => {
          for await (const { type } of run) seen.push(type);
        };
        assert.match(await failsWith('DISK_FULL', watched()), /409\.6 kB free on its disk, expected \d\.\d MB$/);
        assert.ok(!seen.includes('tensor-start'));
        assert.deepEqual(await readdir(scratch), ['model.bin']);
      });
    });
  }
});

describe('convert to an existing output', () => {
  for (const to of ['v0', 'v1', 'v2', 'gguf'] as const) {
    it(`replaces a file with force only, and never its input: ${to}`, async () => {
      await withFolder(async (scratch) => {
        const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
        const output = join(scratch, 'out');
        await writeFile(output, 'mine');
        await failsWith('OUTPUT_EXISTS', convert({ source, output, to }));
        assert.equal(await readFile(output, 'utf8'), 'mine');
        const { byteLength } = await convert({ source, output, to, force: true });
        assert.equal((await readFile(output)).byteLength, byteLength);

        const before = await readFile(source);
        await symlink(source, join(scratch, 'link'));
        for (const over of [source, join(scratch, 'link')]) {
          await failsWith('OUTPUT_IS_INPUT', convert({ source, output: over, to, force: true }));
        }
        assert.ok((await readFile(source)).equals(before));
      });
    });
  }

  it('replaces a folder that convert wrote with force only', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'folder');
      const common = { source: sampleModelPath, output, to: 'safetensors' } as const;
      await convert({ ...common, maxShardBytes: 1_000_000 });
      await failsWith('OUTPUT_EXISTS', convert(common));
      await convert({ ...common, force: true });
      // The earlier index and shards are removed: a reader must not find two models.
      assert.deepEqual((await readdir(output)).sort(), [
        'config.json',
        'generation_config.json',
        'model.safetensors',
        'tokenizer.json',
        'tokenizer_config.json',
      ]);
      await assertSameTensors(output, sampleModelPath);
    });
  });

  it('never replaces a folder with other files, its source, or a file', async () => {
    await withFolder(async (scratch) => {
      const output = join(scratch, 'folder');
      const common = { source: sampleModelPath, to: 'safetensors', force: true } as const;
      await mkdir(output);
      await writeFile(join(output, 'thesis.txt'), 'mine');
      await failsWith('OUTPUT_HOLDS_OTHER_FILES', convert({ ...common, output }));
      assert.equal(await readFile(join(output, 'thesis.txt'), 'utf8'), 'mine');
      await failsWith('OUTPUT_NOT_A_FOLDER', convert({ ...common, output: join(output, 'thesis.txt') }));

      const model = join(scratch, 'model');
      await convert({ ...common, output: model });
      await failsWith('OUTPUT_IS_INPUT', convert({ ...common, source: model, output: model }));
      const bin = await exportBin(model, join(model, 'model.bin'), 1);
      await failsWith('OUTPUT_IS_INPUT', convert({ ...common, source: bin, output: model }));
    });
  });
});

describe('a plain file whose user gives settings and tokenizer', () => {
  it('becomes the GGUF of the file that holds them, but for begin and end tokens', async () => {
    await withFolder(async (scratch) => {
      const [full, plain] = [
        await exportBin(sampleModelPath, join(scratch, 'full.bin'), 1),
        await exportBin(sampleModelPath, join(scratch, 'plain.bin'), 1, true),
      ];
      const [a, b] = [join(scratch, 'a.gguf'), join(scratch, 'b.gguf')];
      await convert({ source: full, output: a, to: 'gguf' });
      const ropeScaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 512 };
      const known = { settings: { ropeTheta: 500000, ropeScaling }, tokenizer: sampleTokenizer };
      await convert({ source: plain, output: b, to: 'gguf', ...known });
      const [expected, found] = await Promise.all([a, b].map((path) => gguf(path, { allowLocalFile: true })));
      assert.deepEqual(found!.tensorInfos, expected!.tensorInfos);
      const metadata: Record<string, unknown> = { ...expected!.metadata };
      for (const [key, value] of Object.entries(found!.metadata)) {
        if (!key.includes('.')) delete metadata[key];
        else if (key === 'general.name') assert.equal(value, 'plain');
        else if (key === 'tokenizer.ggml.add_bos_token') assert.equal(value, false);
        else assert.deepEqual(value, metadata[key], key);
        delete metadata[key];
      }
      assert.deepEqual(Object.keys(metadata).sort(), [
        'tokenizer.chat_template',
        ...['bos', 'eom', 'eos', 'eot'].map((name) => `tokenizer.ggml.${name}_token_id`),
      ]);
      const [sameA, sameB] = await Promise.all([a, b].map((path) => readFile(path)));
      const start = (file: typeof found): number => Number(file!.tensorDataOffset);
      assert.ok(sameA!.subarray(start(expected)).equals(sameB!.subarray(start(found))));
    });
  });
});

/** Converts, and changes the source once the first tensor is there. */
async function withChange(options: ConvertOptions & { to: ConvertTarget }, change: () => Promise<void>): Promise<void> {
  let isChanged = false;
  for await (const { type } of convertModel(options)) {
    if (type !== 'tensor-end' || isChanged) continue;
    isChanged = true;
    await change();
  }
}
