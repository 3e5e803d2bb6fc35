// tokenizer.json from what a .bin file carries: the file it was made from, and the Rust library's tokens.

import { strict as assert } from 'node:assert';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { llama32Specials } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { readJson, withFolder } from '../40-exporter/support.js';
import { randomText, seededRandom } from '../helpers/random-text.js';
import { tokenizerDataFromJson } from '../helpers/tokenizer-json.js';
import { llamaFile, oracleIds, oracleTokenizer, sampleTokenizer } from '../helpers/tokenizers.js';
import { convert, exportBin, writeTinyModel } from './support.js';

const LLAMA_VOCABULARY = 128256;
const BOS = 128000;

interface TokenizerJson extends Record<string, unknown> {
  readonly added_tokens: { id: number; content: string }[];
  readonly model: { vocab: Record<string, number>; merges: [string, string][]; ignore_merges: boolean };
}

describe('a tokenizer.json that convert writes', () => {
  it('of the sample equals the one it was made from', async () => {
    await withFolder(async (scratch) => {
      const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
      await convert({ source, output: join(scratch, 'folder'), to: 'safetensors' });
      const found = await readJson(join(scratch, 'folder', 'tokenizer.json'));
      assert.deepEqual(found, await readJson(join(sampleModelPath, 'tokenizer.json')));
    });
  });

  it("of Llama 3.2 equals Meta's, from its JSON and from its tokenizer.model", async () => {
    await withFolder(async (scratch) => {
      const expected = (await readJson(llamaFile('tokenizer.json'))) as TokenizerJson;
      await writeTinyModel(scratch, LLAMA_VOCABULARY, { bos_token_id: BOS });
      await copyFile(llamaFile('tokenizer.json'), join(scratch, 'tokenizer.json'));
      await exportBin(scratch, join(scratch, 'json.bin'), 1);
      await rm(join(scratch, 'tokenizer.json'));
      await mkdir(join(scratch, 'original'));
      await writeFile(join(scratch, 'original', 'tokenizer.model'), tiktokenLines(expected));
      await exportBin(scratch, join(scratch, 'model.bin'), 1);
      for (const name of ['json', 'model']) {
        const output = join(scratch, name);
        await convert({ source: `${output}.bin`, output, to: 'safetensors' });
        const found = (await readJson(join(output, 'tokenizer.json'))) as TokenizerJson;
        assert.deepEqual(found.model.merges.slice(0, 5), expected.model.merges.slice(0, 5), name);
        // As text: deepEqual takes ten seconds for 280,147 merges.
        assert.ok(canonicalText(found) === canonicalText(expected), name);
      }
    });
  }).timeout(60_000);

  it('gives our tokens in the Rust library, begin-of-text token included', async () => {
    await withFolder(async (scratch) => {
      const source = await exportBin(sampleModelPath, join(scratch, 'model.bin'), 1);
      await convert({ source, output: join(scratch, 'folder'), to: 'safetensors' });
      const file = join(scratch, 'folder', 'tokenizer.json');
      const random = seededRandom(46);
      const texts = Array.from({ length: 1000 }, () => randomText(random));
      const found = await oracleIds(oracleTokenizer(file, { specials: 'text' }), texts);
      for (const [i, text] of texts.entries()) assert.deepEqual(found[i], sampleTokenizer().encode(text), text);
    });
  });

  it('looks no piece up whole and adds no begin-of-text token when its source does neither', async () => {
    await withFolder(async (scratch) => {
      const json = (await readJson(join(sampleModelPath, 'tokenizer.json'))) as TokenizerJson;
      json.model.ignore_merges = false;
      json.post_processor = null;
      await writeTinyModel(scratch, 1329);
      await writeFile(join(scratch, 'tokenizer.json'), JSON.stringify(json));
      await convert({ source: scratch, output: join(scratch, 'folder'), to: 'safetensors' });
      const found = (await readJson(join(scratch, 'folder', 'tokenizer.json'))) as TokenizerJson;
      assert.equal(found.model.ignore_merges, false);
      assert.equal((found.post_processor as { type: string }).type, 'ByteLevel');
    });
  });
});

/** JSON with the vocabulary in the order of ids. */
function canonicalText({ model, ...rest }: TokenizerJson): string {
  const { vocab, ...others } = model;
  const entries = Object.entries(vocab).sort(([, a], [, b]) => a - b);
  return JSON.stringify([sorted(rest), sorted(others), entries]);
}

function sorted(fields: object): unknown {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The vocabulary as Meta ships it: base64 and rank, without the specials that the reader appends. */
function tiktokenLines(json: TokenizerJson): string {
  const { tokenBytes, tokenOffsets, nTokens } = tokenizerDataFromJson(json);
  const lines = Array.from({ length: nTokens - llama32Specials.length }, (_, id) => {
    const bytes = Buffer.from(tokenBytes.subarray(tokenOffsets[id]!, tokenOffsets[id + 1]!));
    return `${bytes.toString('base64')} ${id}`;
  });
  return `${lines.join('\n')}\n`;
}
