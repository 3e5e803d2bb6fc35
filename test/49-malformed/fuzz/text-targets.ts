// Fuzz targets among the JSON and text files of a checkpoint, and the hub's own answers.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolkitError } from '@llama-ts/base';
import {
  openCheckpoint,
  parseConfig,
  parseGenerationConfig,
  parseTiktoken,
  planDownload,
  readTokenizerJson,
} from '@llama-ts/exporter';
import type { TokenizerData } from '@llama-ts/format';
import { createTokenizer } from '@llama-ts/runtime';
import { parseIndex } from '@llama-ts/safetensors';
import { sampleModelPath } from '@llama-ts/sample-model';
import type { FuzzTarget } from './run-cases.js';

type JsonObject = Record<string, unknown>;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const sampleFile = (path: string): Uint8Array => new Uint8Array(readFileSync(join(sampleModelPath, path)));
const inJson = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const quoted = (...words: readonly string[]): string[] => words.map((word) => JSON.stringify(word));

const ROPE = { factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  vocab_size: 300,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  rope_scaling: { rope_type: 'llama3', ...ROPE },
  hidden_act: 'silu',
  attention_bias: false,
  bos_token_id: 1,
  eos_token_id: [2, 3],
  tie_word_embeddings: true,
};
const { rope_theta: theta, rope_scaling: scaling, ...unscaled } = CONFIG;
const NESTED_CONFIG = { ...unscaled, rope_parameters: { ...scaling, rope_theta: theta } };

/** A JSON file whose text is no JSON object counts as refused: that is what {@link openCheckpoint} says of it. */
function object(bytes: Uint8Array): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text(bytes));
  } catch {
    json = null;
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
  throw new ToolkitError('BAD_CONFIG', 'no JSON object');
}

function assertFinite(value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${value}`);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(assertFinite);
}

const config: FuzzTarget = {
  name: 'config.json',
  samples: [inJson(CONFIG), inJson(NESTED_CONFIG), sampleFile('config.json')],
  tokens: quoted('llama', 'llama3', 'default', 'mlp_bias', 'quantization_config', 'head_dim', 'rope_theta', 'type'),
  read(bytes) {
    const json = object(bytes);
    const { dimensions, ...rest } = parseConfig(json, 'config.json');
    assertFinite(dimensions);
    assertFinite(rest);
    assert.equal(dimensions.dim, json.hidden_size);
    assert.equal(dimensions.vocabSize, json.vocab_size);
    assert.ok(dimensions.dim % dimensions.nHeads === 0 && dimensions.nHeads % dimensions.nKvHeads === 0);
  },
};

const generation: FuzzTarget = {
  name: 'generation_config.json',
  samples: [
    inJson({ do_sample: true, temperature: 0.6, top_p: 0.9, top_k: 50, repetition_penalty: 1.1, eos_token_id: 2 }),
  ],
  tokens: quoted('top_p', 'temperature', 'eos_token_id'),
  read(bytes) {
    assertFinite(parseGenerationConfig(object(bytes), 300, 'generation_config.json'));
  },
};

const index: FuzzTarget = {
  name: 'model.safetensors.index.json',
  samples: [
    inJson({
      metadata: { total_size: 12 },
      weight_map: { a: 'x-1.safetensors', b: 'x-2.safetensors', c: 'd/x.safetensors' },
    }),
  ],
  tokens: quoted(
    'weight_map',
    'metadata',
    'total_size',
    '/x.safetensors',
    '../x.safetensors',
    'a\\b',
    'https://x/y',
    'a\0b',
  ),
  read(bytes) {
    const { weightMap, shards } = parseIndex(bytes, 'index');
    const stated = (JSON.parse(text(bytes)) as { weight_map: object }).weight_map;
    assert.deepEqual([...weightMap].sort(), Object.entries(stated).sort());
    assert.deepEqual([...shards].sort(), [...new Set(Object.values(stated))].sort());
    for (const shard of shards) assert.doesNotMatch(shard, /^\/|\\|:|\0|(^|\/)\.\.?(\/|$)/);
  },
};

/** Any text goes through an accepted tokenizer and comes back. */
export function assertTokenizes(data: TokenizerData): void {
  assert.equal(data.tokenOffsets.length, data.nTokens + 1);
  const tokenizer = createTokenizer(data);
  const said = 'Hello, the naïve 東京 🦙\n\n  1234 <|eot_id|>';
  for (const specials of ['text', 'tokens'] as const) {
    const ids = tokenizer.encode(said, { specials });
    assert.ok(ids.every((id) => id >= 0 && id < data.nTokens));
    assert.equal(tokenizer.decode(ids), said);
  }
}

/** The bundled tokenizer with the merges of its first ids only, so that reading it takes little. */
function smallTokenizer(): JsonObject {
  const json = JSON.parse(text(sampleFile('tokenizer.json'))) as JsonObject & {
    model: { vocab: Record<string, number>; merges: (string | string[])[] };
    added_tokens: { id: number }[];
  };
  const nKept = 300;
  const vocab = Object.fromEntries(Object.entries(json.model.vocab).filter(([, id]) => id < nKept));
  const merges = json.model.merges.filter((merge) => {
    const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge;
    return [left, right, left + right].every((token) => token in vocab);
  });
  const added_tokens = json.added_tokens.slice(0, 4).map((token, i) => ({ ...token, id: nKept + i }));
  return { ...json, added_tokens, model: { ...json.model, vocab, merges } };
}

const tokenizerJson: FuzzTarget = {
  name: 'tokenizer.json',
  samples: [inJson(smallTokenizer())],
  tokens: quoted('BPE', 'vocab', 'merges', 'id', 'content', 'a b', '!', 'Ġ', '<|eot_id|>', 'Regex', '語'),
  read(bytes) {
    assertTokenizes(readTokenizerJson(bytes, 'tokenizer.json'));
  },
};

const tiktoken: FuzzTarget = {
  name: 'tokenizer.model',
  samples: [
    utf8(
      Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString('base64')} ${byte}\n`).join('') +
        'SGU= 256\n',
    ),
  ],
  tokens: ['SGVsbG8= 257', 'SGVsbG8=', ' 257', '=', '\r\n', ' '],
  read(bytes) {
    assertTokenizes(parseTiktoken(bytes, 'tokenizer.model'));
  },
};

const HASH = 'a'.repeat(64);
const COMMIT = 'c'.repeat(40);
const LISTING = [
  { type: 'file', path: 'config.json', size: 20, oid: 'b'.repeat(40) },
  {
    type: 'file',
    path: 'model.safetensors',
    size: 900,
    oid: '0'.repeat(40),
    lfs: { oid: HASH, size: 900, pointerSize: 134 },
  },
  { type: 'directory', path: 'original', size: 0, oid: 'd'.repeat(40) },
];
const MODEL = {
  _id: '1',
  id: 'a/b',
  sha: COMMIT,
  private: false,
  gated: false,
  downloads: 0,
  likes: 0,
  lastModified: '2024-09-18T00:00:00Z',
};

/** The answers of the hub's API; `isListing` says which of the two. */
function hubAnswer(name: string, sample: unknown, isListing: boolean): FuzzTarget {
  return {
    name,
    weight: 0.2,
    samples: [inJson(sample)],
    tokens: quoted('file', 'directory', 'oid', 'lfs', '../../x', '/etc/x', 'a\\b', COMMIT, HASH, 'model.safetensors'),
    async read(bytes) {
      const answer: typeof fetch = async (input) => {
        const isTree = String(input instanceof Request ? input.url : input).includes('/tree/');
        return new Response(isTree === isListing ? Buffer.from(bytes) : JSON.stringify(isTree ? LISTING : MODEL));
      };
      const clock = { now: () => 0, sleep: async () => undefined };
      const cacheDir = '/nonexistent/cache';
      const plan = await planDownload({ repo: 'a/b', cacheDir, fetch: answer, clock, include: () => true });
      assert.match(plan.commit, /^[0-9a-f]{40}$/);
      for (const { path, etag, size } of plan.files) {
        assert.ok(Number.isSafeInteger(size) && size >= 0 && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(etag));
        assert.ok(!/^\/|\\|\0/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part)), path);
      }
    },
  };
}

/** A folder of the bundled model with one file damaged; made in `scratch`. */
export function folderTarget(path: string, scratch: string): FuzzTarget {
  const others = ['config.json', 'generation_config.json', 'tokenizer_config.json', 'model.safetensors.index.json'];
  const shards = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);
  const folder = join(scratch, path.replaceAll('/', '_'));
  let made: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const name of [...others, ...shards]) await writeFile(join(folder, name), sampleFile(name));
    await writeFile(join(folder, 'tokenizer.json'), sampleFile('tokenizer.json'));
  };
  return {
    name: `a folder with ${path}`,
    weight: 0.05,
    samples: [sampleFile(path)],
    tokens: quoted('chat_template', 'default', 'llama3', 'weight_map', shards[0]!, 'F16', 'model.norm.weight'),
    async read(bytes) {
      made ??= make();
      await made;
      await writeFile(join(folder, path), bytes);
      const checkpoint = await openCheckpoint(folder);
      await checkpoint.close();
      const { dimensions, settings, tokenizer } = checkpoint;
      assertFinite(settings);
      assertFinite(checkpoint.generation);
      assert.deepEqual([dimensions.dim, dimensions.vocabSize], [128, tokenizer?.nTokens]);
    },
  };
}

export const textTargets: readonly FuzzTarget[] = [
  config,
  generation,
  index,
  tokenizerJson,
  tiktoken,
  hubAnswer('an answer of the hub about a model', MODEL, false),
  hubAnswer('a listing of the hub', LISTING, true),
];
