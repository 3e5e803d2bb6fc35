// Added tokens on their way from a folder to a .bin file, GGUF and a folder again.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '@llama-ts/base';
import { convertModel, openCheckpoint } from '@llama-ts/exporter';
import { encodeTokenizerBin, readBinFile } from '@llama-ts/format';
import { encodePrompt, generate, type Model } from '@llama-ts/runtime';
import { parseGguf } from '../25-gguf/support.js';
import { drain, failsWith, readJson, withFolder } from '../40-exporter/support.js';
import { byteTokenizerJson, openSmallModel, type SmallModel, SPECIALS, writeSmallModel } from './support.js';

const added = [
  ...SPECIALS,
  { content: '</think>' },
  { content: 'otter', single_word: true, lstrip: true },
  { content: '<|pad|>', special: true, rstrip: true, normalized: true },
];
const [THINK, OTTER] = [261, 262];

async function sayings(model: Model, id: number): Promise<string> {
  let text = '';
  for await (const event of generate(model, 'x', { maxTokens: 2, temperature: 0, logitBias: { [id]: 1000 } })) {
    if (event.type !== 'prompt-end') text += event.text;
  }
  return text;
}

describe('added tokens of a checkpoint', () => {
  it('are shown in answers, and found in prompts, unless they are special', async () => {
    await withFolder(async (folder) => {
      const model = await openSmallModel(folder, { added });
      assert.equal(await sayings(model, THINK), '</think></think>');
      assert.equal(await sayings(model, 263), '');
      const [a, n, space] = [...'An '].map((letter) => model.tokenizer!.encode(letter)[0]!);
      assert.deepEqual(encodePrompt(model, 'An otter'), [256, a, n, OTTER]);
      assert.equal(encodePrompt(model, 'An otters').includes(OTTER), false);
      assert.deepEqual(encodePrompt(model, '</think> '), [256, THINK, space]);
      await model.close();
    });
  });

  it('keep their flags in a .bin file, a folder written from it, and a .bin file of that', async () => {
    await withFolder(async (folder) => {
      await (await openSmallModel(folder, { added })).close();
      const source = join(folder, 'model.bin');
      await drain(convertModel({ source, output: join(folder, 'hf'), to: 'safetensors' }));
      const written = await readJson(join(folder, 'hf', 'tokenizer.json'));
      const given = byteTokenizerJson({ added });
      const byKeys = (tokens: unknown) =>
        (tokens as object[]).map((token) => Object.entries(token).sort(([a], [b]) => (a < b ? -1 : 1)));
      assert.deepEqual(byKeys(written.added_tokens), byKeys(given.added_tokens));
      const checkpoint = await openCheckpoint(join(folder, 'hf'));
      await checkpoint.close();
      const file = await openFile(source);
      const { trailer } = await readBinFile(file);
      await file.close();
      assert.deepEqual(checkpoint.tokenizer?.addedTokens, trailer?.tokenizer?.addedTokens);
      assert.deepEqual(checkpoint.tokenizer?.specialTokens, trailer?.tokenizer?.specialTokens);
      assert.deepEqual(trailer?.tokenizer?.addedTokens?.[1], {
        id: OTTER,
        name: 'otter',
        lstrip: true,
        singleWord: true,
      });
    });
  });

  it('have the types user-defined, control (if special) and unused (padding) in GGUF', async () => {
    await withFolder(async (folder) => {
      await writeSmallModel(folder, { added, vocabSize: 320 });
      const output = join(folder, 'model.gguf');
      await drain(convertModel({ source: folder, output, to: 'gguf', type: 'F32' }));
      const metadata = new Map(parseGguf(await readFile(output)).metadata.map(([key, , value]) => [key, value]));
      const types = metadata.get('tokenizer.ggml.token_type') as number[];
      assert.deepEqual(types.slice(255, 266), [1, 3, 3, 3, 3, 3, 4, 4, 3, 5, 5]);
      const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
      assert.equal(tokens.length, 320);
      assert.deepEqual(tokens.slice(261, 265), ['</think>', 'otter', '<|pad|>', '[PAD264]']);
    });
  });

  it('take the flags of tokenizer_config.json, and are special when either file says so', async () => {
    await withFolder(async (folder) => {
      const decoder = {
        261: { content: '</think>', special: false, rstrip: true },
        262: { content: 'otter', special: true },
        263: { content: '<|pad|>', special: false },
        65: { content: 'b', special: false, single_word: true },
        400: { content: '<beyond>', special: false },
      };
      await writeSmallModel(folder, { added, tokenizerConfig: { added_tokens_decoder: decoder } });
      const { tokenizer, warnings, close } = await openCheckpoint(folder);
      await close();
      assert.deepEqual(tokenizer!.addedTokens?.map(({ id, rstrip }) => [id, rstrip]).at(-1), [THINK, true]);
      assert.deepEqual(
        tokenizer!.specialTokens.slice(-2).map(({ id, rstrip }) => [id, rstrip]),
        [
          [OTTER, undefined],
          [263, undefined],
        ],
      );
      assert.ok(warnings.some((warning) => warning.includes('<beyond>')));
    });
  });

  it('may be in the vocabulary as well, where byte-pair encoding can also give them', async () => {
    await withFolder(async (folder) => {
      const json = byteTokenizerJson({ added: SPECIALS }) as {
        model: { vocab: Record<string, number> };
        added_tokens: object[];
      };
      const id = json.model.vocab.A!;
      json.added_tokens.push({ id, content: 'A', single_word: true, special: false });
      const model = await openSmallModel(folder, { added: SPECIALS, tokenizer: json });
      assert.deepEqual(
        model.tokenizer!.addedTokens.map(({ name }) => name),
        ['A'],
      );
      assert.deepEqual(model.tokenizer!.encode('AB'), [id, json.model.vocab.B]);
      await model.close();
    });
  });

  for (const [what, tokens] of [
    ['is given twice', [{ content: 'x<' }, { content: 'x<' }]],
    ['has another id than in the vocabulary', [{ content: 'A' }]],
    ['leaves a gap', [{ content: 'x<', id: 263 }]],
  ] as const) {
    it(`are refused when one ${what}`, async () => {
      await withFolder(async (folder) => {
        await writeSmallModel(folder, { added: [...SPECIALS, ...tokens] as SmallModel['added'] });
        await failsWith('BAD_TOKENIZER', openCheckpoint(folder));
      });
    });
  }
});

describe('a vocabulary larger than the tokenizer', () => {
  it('is exported, with padding that is never sampled, decodes to no text and leaves the logits unchanged', async () => {
    await withFolder(async (folder) => {
      const model = await openSmallModel(folder, { added, vocabSize: 320 });
      assert.equal(model.header.dimensions.vocabSize, 320);
      assert.equal(model.tokenizer!.nUsedTokens, 264);
      assert.equal(model.tokenizer!.decode([97, 300, 98]), model.tokenizer!.decode([97, 98]));
      const ids: number[] = [];
      for await (const event of generate(model, 'x', { maxTokens: 3, logitBias: { 300: 1000 }, temperature: 2 })) {
        if (event.type === 'token') ids.push(event.id);
      }
      assert.ok(ids.every((id) => id < 264));
      const cache = model.createCache();
      const logits = await model.forward([{ cache, position: 0, tokens: [256, 65], logits: 'last' }]);
      assert.ok(logits.slice(264).every(Number.isFinite));
      await model.close();
    });
  });

  it('gives each id a name in tokenizer.bin, where the C programs accept no empty token', async () => {
    await withFolder(async (folder) => {
      await writeSmallModel(folder, { added, vocabSize: 270 });
      const { tokenizer, close } = await openCheckpoint(folder);
      await close();
      const bytes = Buffer.from(encodeTokenizerBin(tokenizer!));
      let at = 4;
      const names: string[] = [];
      for (let id = 0; id < 270; id++) {
        const length = bytes.readUInt32LE(at + 4);
        assert.ok(length > 0);
        names.push(bytes.subarray(at + 8, at + 8 + length).toString());
        at += 8 + length;
      }
      assert.equal(at, bytes.byteLength);
      assert.deepEqual(names.slice(262, 266), ['otter', '<|pad|>', '[PAD264]', '[PAD265]']);
    });
  });

  it('is refused when it is smaller instead, with the tokens that have no row', async () => {
    await withFolder(async (folder) => {
      await writeSmallModel(folder, { added, vocabSize: 262 });
      const message = await failsWith('BAD_TOKENIZER', openCheckpoint(folder));
      assert.match(message, /264 tokens, expected at most 262.*"<\|pad\|>".*"otter"/);
    });
  });
});
