// Tokenizer files: tokenizer.json and tokenizer.model give the same tokens, and damaged ones are refused.

import { strict as assert } from 'node:assert';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import {
  llama32Specials,
  openCheckpoint,
  parseTiktoken,
  parseTokenizerJson,
  readTokenizerJson,
} from '@llama-ts/exporter';
import type { TokenizerData } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { copyModel, failsWith, withFolder } from './support.js';

interface TokenizerJson extends Record<string, unknown> {
  model: { type: string; vocab: Record<string, unknown>; merges: unknown[] } & Record<string, unknown>;
  added_tokens: Record<string, unknown>[];
  pre_tokenizer: { pretokenizers: Record<string, unknown>[] } & Record<string, unknown>;
}

describe('parseTokenizerJson', () => {
  let text: string;
  before(async () => {
    text = await readFile(join(sampleModelPath, 'tokenizer.json'), 'utf8');
  });
  const fresh = (): TokenizerJson => JSON.parse(text);
  const parse = (json: TokenizerJson): TokenizerData => parseTokenizerJson(json, 'tokenizer.json');

  const damages: readonly [title: string, damage: (json: TokenizerJson) => void][] = [
    ['a model that is not BPE', (json) => (json.model.type = 'Unigram')],
    ['byte fallback', (json) => (json.model.byte_fallback = true)],
    ['a normalizer', (json) => (json.normalizer = { type: 'NFC' })],
    ['a merge of an unknown token', (json) => json.model.merges.push(['Ġt', 'qqqq'])],
    ['a merge whose result is no token', (json) => json.model.merges.push(['!', '"'])],
    ['a merge of three parts', (json) => json.model.merges.push('a b c')],
    ['an id given twice', (json) => (json.model.vocab['!'] = 1)],
    ['a gap in the ids', (json) => (json.added_tokens.at(-1)!.id = 5000)],
    ['a negative id', (json) => (json.model.vocab['!'] = -1)],
    ['an id past every limit', (json) => (json.model.vocab['!'] = 2 ** 31)],
    ['a fractional id', (json) => (json.model.vocab['!'] = 0.5)],
    ['a special token with the id of another', (json) => (json.added_tokens[0]!.id = 0)],
    [
      'a symbol that stands for no byte',
      (json) => {
        delete json.model.vocab['!'];
        json.model.vocab.語 = 0;
      },
    ],
    [
      'a byte without a token',
      (json) => {
        delete json.model.vocab['!'];
        json.model.vocab['!!!!!'] = 0;
      },
    ],
    ['another split pattern', (json) => (json.pre_tokenizer.pretokenizers[0]!.pattern = { Regex: '(a+)+$' })],
    ['a split that merges', (json) => (json.pre_tokenizer.pretokenizers[0]!.behavior = 'MergedWithPrevious')],
    ['a prefix space', (json) => (json.pre_tokenizer.pretokenizers[1]!.add_prefix_space = true)],
    ['a lone ByteLevel', (json) => json.pre_tokenizer.pretokenizers.shift()],
    ['a vocabulary that is a list', (json) => Object.assign(json.model, { vocab: [] })],
    ['a special token without a name', (json) => (json.added_tokens[0]!.content = 5)],
  ];
  for (const [title, damage] of damages) {
    it(`refuses ${title}`, () => {
      const json = fresh();
      damage(json);
      const isRefusal = (error: unknown): boolean =>
        isToolkitError(error) && error.code === 'BAD_TOKENIZER' && error.message.startsWith('tokenizer.json: ');
      assert.throws(() => parse(json), isRefusal);
      // The same messages are given for bytes.
      const read = (): TokenizerData => readTokenizerJson(Buffer.from(JSON.stringify(json)), 'tokenizer.json');
      assert.throws(read, isRefusal);
      assert.equal(
        messageOf(read),
        messageOf(() => parse(json)),
      );
    });
  }

  it('reads the same merges from strings and from pairs', () => {
    const pairs = fresh();
    const strings = fresh();
    strings.model.merges = pairs.model.merges.map((pair) => (pair as string[]).join(' '));
    assert.deepEqual(parse(strings), parse(pairs));
  });

  it('ranks merges by their order in the file, as pairs of ids', () => {
    const json = fresh();
    const { merges } = parse(json);
    const [left, right] = json.model.merges[5] as [string, string];
    assert.deepEqual([...merges!.subarray(10, 12)], [json.model.vocab[left], json.model.vocab[right]]);
  });
});

describe('readTokenizerJson', () => {
  let text: string;
  before(async () => {
    text = await readFile(join(sampleModelPath, 'tokenizer.json'), 'utf8');
  });
  /** Padding between entries, never inside a string, so that every collection comes in many pieces, wherever they are cut. */
  const padded = (json: string): string =>
    json.replace(/"(?:[^"\\]|\\.)*"|,/g, (part) => (part === ',' ? `,${' '.repeat(997)}` : part));
  const outcome = (read: () => TokenizerData): TokenizerData | string => {
    try {
      return read();
    } catch (error) {
      if (isToolkitError(error)) return error.code;
      if (error instanceof SyntaxError) return 'BAD_TOKENIZER';
      throw error;
    }
  };
  const readsLike = (json: string, expected?: 'accepted' | 'refused'): void => {
    const found = outcome(() => readTokenizerJson(Buffer.from(json), 'tokenizer.json'));
    assert.deepEqual(
      found,
      outcome(() => parseTokenizerJson(JSON.parse(json), 'tokenizer.json')),
    );
    if (expected !== undefined) assert.equal(found === 'BAD_TOKENIZER', expected === 'refused');
  };

  const rewritings: readonly [title: string, rewrite: (json: TokenizerJson) => string][] = [
    ['as it is published', () => text],
    ['on one line', (json) => JSON.stringify(json)],
    ['in many pieces', (json) => padded(JSON.stringify(json))],
    ['with its fields in another order', (json) => JSON.stringify({ ...json, model: reversed(json.model) })],
    ['with escaped names', (json) => JSON.stringify(json).replace('"vocab"', '"v\\u006fcab"')],
  ];
  for (const [title, rewrite] of rewritings) {
    it(`reads a file ${title}`, () => readsLike(rewrite(JSON.parse(text)), 'accepted'));
  }

  const damages: readonly [title: string, damage: (json: string) => string][] = [
    ['a comma after the last entry', (json) => json.replace(/\}(?=,\s*"merges")/, ',}')],
    ['a comma far after the last entry', (json) => json.replace(/\}(?=,\s*"merges")/, `${' '.repeat(70_000)},}`)],
    ['a comma after the last merge', (json) => json.replace(/\](?=\s*\}\s*\}$)/, ',]')],
    ['a comma before the first entry', (json) => json.replace(/"vocab":\{/, '$&,')],
    ['two commas', (json) => json.replace(/("vocab":\{[^,]*,)/, '$1,')],
    ['a vocabulary closed by another bracket', (json) => json.replace(/\}(?=,\s*"merges")/, ']')],
    ['no end', (json) => json.slice(0, -40)],
    ['a list for its vocabulary', (json) => json.replace(/"vocab":\{/, '"vocab":[')],
    ['something after its end', (json) => `${json}]`],
    ['a string without end', (json) => json.replace(/"vocab":\{"/, '$&\\')],
  ];
  for (const [title, damage] of damages) {
    it(`refuses a file with ${title}`, () => {
      const compact = JSON.stringify(JSON.parse(text));
      assert.notEqual(damage(compact), compact);
      readsLike(damage(compact), 'refused');
      readsLike(damage(padded(compact)), 'refused');
    });
  }

  it('takes the last of a collection that is given twice, as JSON.parse does', () => {
    const twice = JSON.stringify(JSON.parse(text)).replace('"vocab":', '"vocab":{"x":5},"vocab":');
    readsLike(twice, 'accepted');
    readsLike(twice.replace('"vocab":{"x":5}', '"merges":[]'), 'accepted');
  });

  it('reads no collection that is not a field of the model', () => {
    const elsewhere = { vocab: { x: 1 }, merges: [1] };
    const json: TokenizerJson = JSON.parse(text);
    readsLike(JSON.stringify({ other: elsewhere, ...json, ...elsewhere }), 'accepted');
    readsLike(JSON.stringify({ ...json, model: { ...json.model, more: { model: elsewhere } } }), 'accepted');
    readsLike(JSON.stringify({ ...json, model: [elsewhere] }), 'refused');
    readsLike('{"model":{"vocab":{},"merges":[]}}', 'refused');
    readsLike('', 'refused');
  });
});

function messageOf(read: () => TokenizerData): string {
  try {
    read();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

/** The same fields, last to first. */
function reversed(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).reverse());
}

describe('parseTiktoken', () => {
  let bytes: Buffer;
  before(async () => {
    bytes = await readFile(join(sampleModelPath, 'original', 'tokenizer.model'));
  });

  it('gives the tokens and special tokens of tokenizer.json', async () => {
    const json = JSON.parse(await readFile(join(sampleModelPath, 'tokenizer.json'), 'utf8'));
    const expected = parseTokenizerJson(json, 'tokenizer.json');
    const found = parseTiktoken(bytes, 'tokenizer.model');
    assert.deepEqual({ ...found, merges: null }, { ...expected, merges: null });
    assert.equal(found.merges, null);
    assert.equal(llama32Specials.length, 256);
    assert.equal(llama32Specials.at(-1), '<|reserved_special_token_247|>');
  });

  const damages: readonly [title: string, damage: (text: string) => string][] = [
    ['bad base64', (text) => text.replace('IQ==', 'I!==')],
    ['base64 without padding', (text) => text.replace('IQ==', 'IQ')],
    ['a rank that is no number', (text) => text.replace('IQ== 0', 'IQ== zero')],
    ['a negative rank', (text) => text.replace('IQ== 0', 'IQ== -1')],
    ['a rank given twice', (text) => text.replace('IQ== 0', 'IQ== 1')],
    ['a gap in the ranks', (text) => text.replace('IQ== 0', 'IQ== 5000')],
    ['a third field', (text) => text.replace('IQ== 0', 'IQ== 0 0')],
    ['a missing byte', (text) => text.replace('IQ== 0', 'ISEhISE= 0')],
    ['an empty file', () => ''],
  ];
  for (const [title, damage] of damages) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => parseTiktoken(Buffer.from(damage(bytes.toString('latin1'))), 'tokenizer.model'),
        (error) => isToolkitError(error) && error.code === 'BAD_TOKENIZER',
      );
    });
  }
});

describe('the tokenizer of a folder', () => {
  it('is taken from original/tokenizer.model where there is no tokenizer.json', async () => {
    await withFolder(async (folder) => {
      await copyModel(sampleModelPath, folder);
      await rm(join(folder, 'tokenizer.json'));
      const checkpoint = await openCheckpoint(folder);
      await checkpoint.close();
      assert.equal(checkpoint.tokenizer?.merges, null);
      assert.ok(checkpoint.files.includes('original/tokenizer.model'));
    });
  });

  it('is refused when it has more tokens than the model', async () => {
    await withFolder(async (folder) => {
      await copyModel(sampleModelPath, folder, { vocab_size: 1328 });
      await failsWith('BAD_TOKENIZER', openCheckpoint(folder));
    });
  });

  it('may be missing, with a warning', async () => {
    await withFolder(async (folder) => {
      await copyModel(sampleModelPath, folder);
      await rm(join(folder, 'tokenizer.json'));
      await rm(join(folder, 'original'), { recursive: true });
      const checkpoint = await openCheckpoint(folder);
      await checkpoint.close();
      assert.equal(checkpoint.tokenizer, null);
      assert.match(checkpoint.warnings.join(), /no tokenizer/);
    });
  });

  it('comes with the chat template of chat_template.jinja, else of the string, else of the list entry named default', async () => {
    await withFolder(async (folder) => {
      await copyModel(sampleModelPath, folder);
      const templateOf = async (): Promise<string | null> => {
        const checkpoint = await openCheckpoint(folder);
        await checkpoint.close();
        return checkpoint.chatTemplate;
      };
      assert.match((await templateOf())!, /start_header_id/);
      const named = [
        { name: 'tool_use', template: 'T' },
        { name: 'default', template: 'D' },
      ];
      await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ chat_template: named }));
      assert.equal(await templateOf(), 'D');
      await writeFile(join(folder, 'tokenizer_config.json'), '{}');
      assert.equal(await templateOf(), null);
      await writeFile(join(folder, 'chat_template.jinja'), 'J');
      assert.equal(await templateOf(), 'J');
    });
  });
});
