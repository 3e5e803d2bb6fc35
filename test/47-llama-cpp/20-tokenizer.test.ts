// llama.cpp's tokens of the tokenizer in a GGUF file are ours.

import { strict as assert } from 'node:assert';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertModel } from '@llama-ts/exporter';
import { createTokenizer, type Tokenizer } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { drain, withFolder } from '../40-exporter/support.js';
import { writeTinyModel } from '../46-convert/support.js';
import { randomText, seededRandom } from '../helpers/random-text.js';
import { type TokenizerJson, tokenizerDataFromJson } from '../helpers/tokenizer-json.js';
import { llamaFile, llamaTokenizer, sampleFile, sampleTokenizer } from '../helpers/tokenizers.js';
import { closeLlamaCpp, type LlamaCppModel, needsLlamaCpp, whenAbsent, withLlamaCpp } from './support.js';

const STRINGS = 2000;

/**
 * Letters and numbers that came with Unicode 16: llama.cpp knows 15.1. Of all code points these are the only ones that
 * the two engines split at differently.
 */
const UNICODE_16 = new RegExp(
  `[${[
    String.raw`\u{1c89}-\u{1c8a}\u{a7cb}-\u{a7cd}\u{a7da}-\u{a7dc}\u{105c0}-\u{105f3}\u{10d40}-\u{10d65}`,
    String.raw`\u{10d6f}-\u{10d85}\u{10ec2}-\u{10ec4}\u{11380}-\u{11389}\u{1138b}\u{1138e}\u{11390}-\u{113b5}`,
    String.raw`\u{113b7}\u{113d1}\u{113d3}\u{116d0}-\u{116e3}\u{11bc0}-\u{11be0}\u{11bf0}-\u{11bf9}`,
    String.raw`\u{13460}-\u{143fa}\u{16100}-\u{1611d}\u{16130}-\u{16139}\u{16d40}-\u{16d6c}\u{16d70}-\u{16d79}`,
    String.raw`\u{18cff}\u{1ccf0}-\u{1ccf9}\u{1e5d0}-\u{1e5ed}\u{1e5f0}-\u{1e5fa}`,
  ].join('')}]`,
  'gu',
);

describe(`llama.cpp's tokenizer of a GGUF file${whenAbsent}`, () => {
  before(needsLlamaCpp);
  after(closeLlamaCpp);

  for (const { name, file, tokenizer, bos, size } of [
    { name: 'the sample', file: sampleFile('tokenizer.json'), tokenizer: sampleTokenizer, bos: 1073, size: 1329 },
    { name: 'Llama 3.2', file: llamaFile('tokenizer.json'), tokenizer: llamaTokenizer, bos: 128000, size: 128256 },
  ]) {
    it(`gives our tokens of ${STRINGS} random strings for ${name}`, async () => {
      await withTokenizer(
        file,
        { bos_token_id: bos, eos_token_id: [bos + 1, bos + 8, bos + 9] },
        size,
        async (model) => {
          assertSameTokens(model, tokenizer(), 47);
          assert.deepEqual([model.tokens.bos, model.tokens.eos, model.tokens.eot], [bos, bos + 9, bos + 9]);
          for (const end of [bos + 1, bos + 8, bos + 9]) assert.ok(model.isEogToken(end), `token ${end}`);
          const chat = '<|start_header_id|>user<|end_header_id|>\n\nhello<|eot_id|>';
          assert.deepEqual(model.tokenize(chat, true), [...tokenizer().encode(chat, { specials: 'tokens' })]);
        },
      );
    });
  }

  it('merges pieces that are tokens where ours merges them, and takes them as one token where ours does', async () => {
    for (const ignoreMerges of [true, false]) {
      const json = await unreachableToken(ignoreMerges);
      await withFolder(async (scratch) => {
        const file = join(scratch, 'tokenizer.json');
        await writeFile(file, JSON.stringify(json));
        await withTokenizer(file, { bos_token_id: 1073 }, 1329, async (model) => {
          const ours = createTokenizer(tokenizerDataFromJson(json));
          const found = model.tokenize(' the');
          assert.deepEqual(found, [...ours.encode(' the')]);
          assert.equal(found.length === 1, ignoreMerges);
        });
      });
    }
  });
});

function assertSameTokens(model: LlamaCppModel, tokenizer: Tokenizer, seed: number): void {
  const random = seededRandom(seed);
  for (let i = 0; i < STRINGS; i++) {
    const text = withoutUnicode16(randomText(random));
    assert.deepEqual(model.tokenize(text), [...tokenizer.encode(text)], JSON.stringify(text));
  }
}

function withoutUnicode16(text: string): string {
  return text.replace(UNICODE_16, '');
}

/** Runs `work` on the least model around a tokenizer. */
async function withTokenizer(
  file: string,
  config: Record<string, unknown>,
  vocabSize: number,
  work: (model: LlamaCppModel) => Promise<void>,
): Promise<void> {
  await withFolder(async (scratch) => {
    await writeTinyModel(scratch, vocabSize, config);
    await copyFile(file, join(scratch, 'tokenizer.json'));
    const output = join(scratch, 'model.gguf');
    await drain(convertModel({ source: scratch, output, to: 'gguf' }));
    await withLlamaCpp(output, work);
  });
}

/** The sample's tokenizer without the merges that lead to " the". */
async function unreachableToken(ignoreMerges: boolean): Promise<TokenizerJson> {
  const json = JSON.parse(await readFile(join(sampleModelPath, 'tokenizer.json'), 'utf8')) as TokenizerJson;
  const merges = json.model.merges.filter((pair) => (typeof pair === 'string' ? pair : pair.join(' ')) !== 'Ġt he');
  const others = merges.filter((pair) => (Array.isArray(pair) ? pair.join('') : pair) !== 'Ġthe');
  return { ...json, model: { ...json.model, merges: others, ignore_merges: ignoreMerges } };
}
