// What the trailer says of a model is held against its source too: with any of it changed, the file is no export of it.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '@llama-ts/base';
import { convertModel, exportModel } from '@llama-ts/exporter';
import { encodeTrailer, layout, readBinFile, type TokenizerData, type Trailer } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { copyModel } from '../40-exporter/support.js';
import { exportTo, finish, verify, withFolder } from './support.js';

type Change = (trailer: Trailer) => Trailer;

const describing =
  (change: Partial<Trailer['description']>): Change =>
  (trailer) => ({ ...trailer, description: { ...trailer.description, ...change } });
const tokenizing =
  (change: (tokenizer: TokenizerData) => Partial<TokenizerData>): Change =>
  (trailer) => ({ ...trailer, tokenizer: { ...trailer.tokenizer!, ...change(trailer.tokenizer!) } });

const scaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 512 };
const changes: readonly (readonly [name: string, change: Change, message: RegExp])[] = [
  ['the RoPE base', describing({ ropeTheta: 10000 }), /says ropeTheta 10000, expected 500000 as in/],
  [
    'one number of the RoPE scaling',
    describing({ ropeScaling: { ...scaling, factor: 8 } }),
    /says ropeScaling {"factor":8,.*}, expected {"factor":32,/,
  ],
  ['the absence of RoPE scaling', describing({ ropeScaling: null }), /says ropeScaling null, expected {"factor":32,/],
  ["the norms' epsilon", describing({ normEpsilon: 1e-6 }), /says normEpsilon 0\.000001, expected 0\.00001 as in/],
  ['the begin token', describing({ bosId: null }), /says bosId null, expected 1073 as in/],
  ['the end tokens', describing({ eosIds: [1082] }), /says eosIds \[1082\], expected \[.*1082\] as in/],
  [
    'a default of generation',
    (trailer) => describing({ generation: { ...trailer.description.generation, temperature: 0.123 } })(trailer),
    /says generation temperature 0\.123, expected/,
  ],
  [
    'a character of the chat template',
    (trailer) => describing({ chatTemplate: `${trailer.description.chatTemplate!.slice(0, -1)}~` })(trailer),
    /says chat template from character \d+ "~", expected/,
  ],
  [
    'the absence of the chat template',
    describing({ chatTemplate: null }),
    /says chat template absent, expected present/,
  ],
  [
    'a template with a name',
    describing({ namedTemplates: { rag: 'R' } }),
    /says chat template "rag" present, expected absent/,
  ],
  [
    'a token of the templates',
    describing({ templateTokens: { eos_token: '<|end_of_text|>' } }),
    /says eos_token "<\|end_of_text\|>", expected null/,
  ],
  ['the absence of the tokenizer', (trailer) => ({ ...trailer, tokenizer: null }), /says tokenizer absent, expected/],
  ['whole pieces', tokenizing(() => ({ ignoreMerges: false })), /says tokenizer ignoreMerges false, expected true/],
  [
    'the bytes of a token',
    tokenizing(({ tokenBytes }) => ({ tokenBytes: tokenBytes.map((byte, i) => (i === 0 ? 0x7e : byte)) })),
    /says token 0 "~", expected "!" as in/,
  ],
  [
    'the order of merges',
    tokenizing(({ merges }) => ({
      merges: Uint32Array.from([...merges!.slice(2, 4), ...merges!.slice(0, 2), ...merges!.slice(4)]),
    })),
    /says merge 0 "\d+ \d+", expected "\d+ \d+" as in/,
  ],
  [
    'a special token less',
    tokenizing(({ specialTokens }) => ({ specialTokens: specialTokens.slice(1) })),
    /says special token 0 "1074 .*", expected "1073 <\|begin_of_text\|>" as in/,
  ],
];

/** Writes the file again with another trailer, whose checksums are right. */
async function rewriteTrailer(path: string, change: Change): Promise<void> {
  const source = await openFile(path);
  const { header, trailer } = await readBinFile(source);
  await source.close();
  const { weightsEnd } = layout(header);
  const weights = (await readFile(path)).subarray(0, weightsEnd);
  await writeFile(path, Buffer.concat([weights, encodeTrailer(change(trailer!), weightsEnd)]));
}

describe('the trailer, which verify compares with the source,', function () {
  this.timeout(60_000);

  for (const [name, change, message] of changes) {
    it(`is reported when ${name} changed, for a folder and for a file as source`, async () => {
      await withFolder(async (folder) => {
        const model = await exportTo({ source: sampleModelPath, output: join(folder, 'v2.bin'), version: 2 });
        const against = await exportTo({ source: sampleModelPath, output: join(folder, 'v1.bin') });
        await rewriteTrailer(model, change);
        assert.equal((await verify({ model })).passed, true, 'the file by itself is whole');
        for (const source of [sampleModelPath, against]) {
          const { passed, findings } = await verify({ model, against: source });
          assert.deepEqual(
            findings.map(({ part, tensor, code }) => [part, tensor, code]),
            [['trailer', null, 'DIFFERS_FROM_SOURCE']],
          );
          assert.match(findings[0]!.message, message);
          assert.equal(passed, false);
        }
      });
    });
  }

  it('may have another provenance, and may be missing on either side', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: sampleModelPath, output: join(folder, 'model.bin') });
      const plain = await exportTo({ source: sampleModelPath, output: join(folder, 'plain.bin'), plain: true });
      await copyModel(sampleModelPath, join(folder, 'copy'));
      for (const [file, against] of [
        [model, join(folder, 'copy')],
        [model, plain],
        [plain, model],
      ] as const) {
        assert.equal((await verify({ model: file, against })).passed, true, `${file} against ${against}`);
      }
    });
  });

  it('passes against a folder that convert wrote of the file, and so does the file exported from that', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: sampleModelPath, output: join(folder, 'model.bin') });
      const again = join(folder, 'again');
      await finish(convertModel({ source: model, output: again, to: 'safetensors' }));
      assert.equal((await verify({ model, against: again })).passed, true);
      const output = join(folder, 'again.bin');
      await finish(exportModel({ source: again, output }));
      assert.equal((await verify({ model: output, against: sampleModelPath })).passed, true);
    });
  });

  it('adds no tensors of the tables of v0 that bounds would have to name', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: sampleModelPath, output: join(folder, 'v0.bin'), version: 0 });
      const rules = [{ pattern: 'freq_cis_*', bounds: { 'max-error': 0 } }];
      await assert.rejects(
        verify({ model, against: sampleModelPath, rules }),
        (error: { code?: string }) => error.code === 'BAD_THRESHOLDS',
      );
    });
  });
});
