// Fuzz target: GGUF files of a whole model, opened as a source, with every row read and the tokenizer used.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelSource, readAnyTokenizer } from '@llama-ts/exporter';
import { layout, rowsOf } from '@llama-ts/format';
import type { GgufMetadata, GgufValue, TensorSpec } from '@llama-ts/gguf';
import { ggufBytes } from '../../25-gguf/support.js';
import type { FuzzTarget } from './run-cases.js';
import { assertTokenizes } from './text-targets.js';

const DIM = 32;
const HIDDEN = 64;
const HEADS = 4;
const text = (value: string): GgufValue => ({ kind: 'string', value });
const u32 = (value: number): GgufValue => ({ kind: 'u32', value });
const f32 = (value: number): GgufValue => ({ kind: 'f32', value });

/** How GPT-2 writes each byte: printable ones as they are, the others from U+0100 on. */
function byteSymbols(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(isPrintable ? byte : next++);
  });
}

const SPECIALS = ['<|begin_of_text|>', '<|end_of_text|>', '<|eot_id|>'];
const WORDS = ['he', 'll', 'hell', 'Ġa'];
const tokens = [...byteSymbols(), ...WORDS, ...SPECIALS, '[PAD0]'];
const first = 256 + WORDS.length;

const METADATA: readonly (readonly [string, GgufValue])[] = [
  ['general.architecture', text('llama')],
  ['llama.embedding_length', u32(DIM)],
  ['llama.feed_forward_length', u32(HIDDEN)],
  ['llama.block_count', u32(1)],
  ['llama.attention.head_count', u32(HEADS)],
  ['llama.attention.head_count_kv', u32(HEADS / 2)],
  ['llama.context_length', u32(128)],
  ['llama.rope.freq_base', f32(500000)],
  ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
  ['tokenizer.ggml.model', text('gpt2')],
  ['tokenizer.ggml.pre', text('llama-bpe')],
  ['tokenizer.ggml.merges', { kind: 'array', of: 'string', values: ['h e', 'l l', 'he ll', 'Ġ a'] }],
  ['tokenizer.ggml.tokens', { kind: 'array', of: 'string', values: tokens }],
  [
    'tokenizer.ggml.token_type',
    {
      kind: 'array',
      of: 'i32',
      values: tokens.map((_, id) => (id < first ? 1 : id < first + SPECIALS.length ? 3 : 5)),
    },
  ],
  ['tokenizer.ggml.bos_token_id', u32(first)],
  ['tokenizer.ggml.eos_token_id', u32(first + 1)],
  ['tokenizer.ggml.add_bos_token', { kind: 'bool', value: true }],
  ['tokenizer.chat_templates', { kind: 'array', of: 'string', values: ['tool_use'] }],
  ['tokenizer.chat_template', text('{{ messages[0].content }}')],
  ['tokenizer.chat_template.tool_use', text('{{ tools }}')],
];

/** A model whose matrices are of a type. */
function modelFile(type: TensorSpec['type'], metadata: GgufMetadata = METADATA): Uint8Array {
  const kvDim = DIM / 2;
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ['token_embd.weight', [tokens.length, DIM]],
    ['blk.0.attn_norm.weight', [DIM]],
    ['blk.0.attn_q.weight', [DIM, DIM]],
    ['blk.0.attn_k.weight', [kvDim, DIM]],
    ['blk.0.attn_v.weight', [kvDim, DIM]],
    ['blk.0.attn_output.weight', [DIM, DIM]],
    ['blk.0.ffn_norm.weight', [DIM]],
    ['blk.0.ffn_gate.weight', [HIDDEN, DIM]],
    ['blk.0.ffn_down.weight', [DIM, HIDDEN]],
    ['blk.0.ffn_up.weight', [HIDDEN, DIM]],
    ['output_norm.weight', [DIM]],
  ];
  const specs = shapes.map(([name, shape]) => ({ name, shape, type: shape.length === 1 ? ('F32' as const) : type }));
  // 0x3c where a float16 has its exponent: every number is small.
  return ggufBytes(specs, metadata, () => 0x3c);
}

/** @param scratch folder for the file, which the caller removes */
export function ggufSourceTarget(scratch: string): FuzzTarget {
  const path = join(scratch, 'fuzzed.gguf');
  return {
    name: 'a GGUF file as a source',
    weight: 0.5,
    samples: [modelFile('Q8_0'), modelFile('F16'), modelFile('IQ4_NL')],
    tokens: ['llama', 'gpt2', 'llama-bpe', 'rope_freqs.weight', 'output.weight', '<|eot_id|>', 'tokenizer.ggml.model'],
    async read(bytes) {
      await writeFile(path, bytes);
      const source = await openModelSource(path);
      try {
        const { dimensions, settings, tokenizer, weights } = source;
        assert.ok(dimensions.dim % dimensions.nHeads === 0 && dimensions.nHeads % dimensions.nKvHeads === 0);
        assert.ok(settings !== null && Number.isFinite(settings.ropeTheta) && settings.normEpsilon > 0);
        assert.ok([...settings.eosIds].every((id) => id < dimensions.vocabSize));
        if (tokenizer !== null) {
          assert.equal(tokenizer.nTokens, dimensions.vocabSize);
          assertTokenizes(tokenizer);
          assert.deepEqual((await readAnyTokenizer(path)).data, tokenizer);
        }
        for (const tensor of layout({ version: 1, dimensions, groupSize: null }).tensors) {
          const into = new Uint8Array(4 * tensor.nValues);
          const read = await weights.readRows(tensor, 0, rowsOf(tensor), into);
          await read.hashed;
          const { stored } = read;
          if (stored !== null && stored !== undefined) assert.equal(stored.values.length, tensor.nValues);
        }
      } finally {
        await source.close();
      }
    },
  };
}
