// Converts a Hugging Face folder in bfloat16 to GGUF Q8_0 for the peers: npx tsx bench/peers/make-gguf.ts DIR FILE

import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { encodeF32, quantizeQ8_0, type TensorSource, writeGguf } from '@llama-ts/gguf';
import { openSafetensorsFolder, type SafetensorsFolder } from '@llama-ts/safetensors';
import { type MetadataEntry, tokenizerMetadata } from './gguf-tokenizer.js';

/** Bytes of bfloat16 read at a time: whole rows, about 8 MiB. */
const BLOCK_BYTES = 8 * 1024 * 1024;
/** `LLAMA_FTYPE_MOSTLY_Q8_0`, shown by llama.cpp's tools. */
const FILE_TYPE_Q8_0 = 7;
const QUANTIZATION_VERSION = 2;

/** Names of a layer's tensors in GGUF, by their name in the checkpoint. */
const LAYER_NAMES: Readonly<Record<string, string>> = {
  'input_layernorm.weight': 'attn_norm.weight',
  'self_attn.q_proj.weight': 'attn_q.weight',
  'self_attn.k_proj.weight': 'attn_k.weight',
  'self_attn.v_proj.weight': 'attn_v.weight',
  'self_attn.o_proj.weight': 'attn_output.weight',
  'post_attention_layernorm.weight': 'ffn_norm.weight',
  'mlp.gate_proj.weight': 'ffn_gate.weight',
  'mlp.up_proj.weight': 'ffn_up.weight',
  'mlp.down_proj.weight': 'ffn_down.weight',
};

/** The fields of config.json that are used; the folder is one that make-model.ts made. */
interface Config {
  readonly head_dim: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly num_attention_heads: number;
  readonly num_hidden_layers: number;
  readonly num_key_value_heads: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly rope_scaling: {
    readonly factor: number;
    readonly high_freq_factor: number;
    readonly low_freq_factor: number;
    readonly original_max_position_embeddings: number;
  };
  readonly vocab_size: number;
}

/** Writes the file unless it is there; returns whether it was written. */
export async function makeGguf(folder: string, output: string): Promise<boolean> {
  if (await exists(output)) return false;
  const config: Config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const checkpoint = await openSafetensorsFolder(folder);
  try {
    const ropeFactors: TensorSource = {
      name: 'rope_freqs.weight',
      type: 'F32',
      shape: [config.head_dim / 2],
      data: encodeF32(ropeFrequencyFactors(config)),
    };
    const weights = [...checkpoint.tensors.keys()].map((name) => convertTensor(checkpoint, name, config));
    const metadata = [...modelMetadata(config), ...(await tokenizerMetadata(folder))];
    await writeGguf(output, [ropeFactors, ...weights], { metadata });
  } finally {
    await checkpoint.close();
  }
  return true;
}

function modelMetadata(config: Config): MetadataEntry[] {
  const u32 = (value: number) => ({ kind: 'u32', value }) as const;
  return [
    ['general.architecture', { kind: 'string', value: 'llama' }],
    ['general.name', { kind: 'string', value: 'synthetic' }],
    ['general.file_type', u32(FILE_TYPE_Q8_0)],
    ['general.quantization_version', u32(QUANTIZATION_VERSION)],
    ['llama.vocab_size', u32(config.vocab_size)],
    ['llama.context_length', u32(config.max_position_embeddings)],
    ['llama.embedding_length', u32(config.hidden_size)],
    ['llama.block_count', u32(config.num_hidden_layers)],
    ['llama.feed_forward_length', u32(config.intermediate_size)],
    ['llama.attention.head_count', u32(config.num_attention_heads)],
    ['llama.attention.head_count_kv', u32(config.num_key_value_heads)],
    ['llama.attention.key_length', u32(config.head_dim)],
    ['llama.attention.value_length', u32(config.head_dim)],
    ['llama.attention.layer_norm_rms_epsilon', { kind: 'f32', value: config.rms_norm_eps }],
    ['llama.rope.freq_base', { kind: 'f32', value: config.rope_theta }],
    ['llama.rope.dimension_count', u32(config.head_dim)],
  ];
}

/** Divisors of the frequencies: llama3 scaling as llama.cpp stores it. @see transformers, _compute_llama3_parameters */
function ropeFrequencyFactors({ head_dim, rope_theta, rope_scaling }: Config): Float32Array {
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = rope_scaling;
  return Float32Array.from({ length: head_dim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * rope_theta ** ((2 * i) / head_dim);
    const turns = original_max_position_embeddings / wavelength;
    if (turns > high_freq_factor) return 1;
    if (turns < low_freq_factor) return factor;
    const smooth = (turns - low_freq_factor) / (high_freq_factor - low_freq_factor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function convertTensor(checkpoint: SafetensorsFolder, name: string, config: Config): TensorSource {
  const { shape, dtype } = checkpoint.tensors.get(name)!;
  if (dtype !== 'BF16') throw new Error(`${name}: ${dtype}, expected BF16`);
  const ggufName = nameInGguf(name);
  if (shape.length === 1) {
    const data = async function* () {
      yield encodeF32(widen(await checkpoint.read(name)));
    };
    return { name: ggufName, type: 'F32', shape, data };
  }
  const [rows, cols] = shape as [number, number];
  const isRotated = /self_attn\.[qk]_proj/.test(name);
  const rowsPerBlock = isRotated ? config.head_dim : Math.max(1, Math.floor(BLOCK_BYTES / (2 * cols)));
  const data = async function* () {
    for (let row = 0; row < rows; row += rowsPerBlock) {
      const end = Math.min(rows, row + rowsPerBlock) * cols * 2;
      const block = widen(await checkpoint.read(name, { start: row * cols * 2, end }));
      yield quantizeQ8_0(isRotated ? interleaveHalves(block, config.head_dim, cols) : block);
    }
  };
  return { name: ggufName, type: 'Q8_0', shape, data };
}

function nameInGguf(name: string): string {
  if (name === 'model.embed_tokens.weight') return 'token_embd.weight';
  if (name === 'model.norm.weight') return 'output_norm.weight';
  const [, layer, rest] = /^model\.layers\.(\d+)\.(.+)$/.exec(name) ?? [];
  const ggufName = LAYER_NAMES[rest ?? ''];
  if (ggufName === undefined) throw new Error(`${name}: no such tensor in GGUF, expected those of a tied Llama model`);
  return `blk.${layer}.${ggufName}`;
}

/** One head's rows from Hugging Face's order (first halves, then second halves of pairs) to Meta's (pair by pair). */
function interleaveHalves(head: Float32Array, headDim: number, cols: number): Float32Array {
  const interleaved = new Float32Array(head.length);
  for (let row = 0; row < headDim; row++) {
    const source = (row % 2) * (headDim / 2) + Math.floor(row / 2);
    interleaved.set(head.subarray(source * cols, (source + 1) * cols), row * cols);
  }
  return interleaved;
}

/** bfloat16 is the upper half of a float32. */
function widen(bytes: Uint8Array): Float32Array {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function main(): Promise<void> {
  const [folder, output] = process.argv.slice(2);
  if (folder === undefined || output === undefined) {
    throw new Error('usage: npx tsx bench/peers/make-gguf.ts DIR FILE.gguf');
  }
  console.log(`${output}: ${(await makeGguf(folder, output)) ? 'made' : 'is there already'}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
