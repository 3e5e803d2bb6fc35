// Tensors larger than one block of rows: each row arrives at its place.

import { strict as assert } from 'node:assert';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '@llama-ts/base';
import { exportModel } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { type TensorSpec, writeSafetensors } from '@llama-ts/safetensors';
import { drain, withFolder } from './support.js';

// A block holds 4 MiB or a whole head: 409 rows of 2560 float32, or the 640 rows of a head of wq and wk.
const [dim, nHeads, nKvHeads, hiddenDim, vocabSize] = [2560, 4, 1, 32, 8];
const headDim = dim / nHeads;

/** Every value encodes its row and column, exactly in float32. */
function weights(name: string, rows: number, cols: number): TensorSpec & { data: Uint8Array } {
  const values = new Float32Array(rows * cols).map((_, i) => Math.floor(i / cols) + (i % cols) / 4096);
  return { name, dtype: 'F32', shape: [rows, cols], data: new Uint8Array(values.buffer) };
}

const norm = (name: string): TensorSpec & { data: Uint8Array } => ({ ...weights(name, 1, dim), shape: [dim] });

/** The row of a checkpoint's tensor that is row `row` in Meta's order. @see transformers, convert_llama_weights_to_hf.py */
function checkpointRow(row: number): number {
  const inHead = row % headDim;
  return row - inHead + (inHead % 2) * (headDim / 2) + Math.floor(inHead / 2);
}

describe('exported tensors that are written in several blocks', () => {
  it('have every row in its place, with query rows interleaved', async () => {
    await withFolder(async (folder) => {
      const config = {
        architectures: ['LlamaForCausalLM'],
        hidden_size: dim,
        intermediate_size: hiddenDim,
        num_hidden_layers: 1,
        num_attention_heads: nHeads,
        num_key_value_heads: nKvHeads,
        vocab_size: vocabSize,
        max_position_embeddings: 16,
        tie_word_embeddings: true,
        eos_token_id: 0,
      };
      await writeFile(join(folder, 'config.json'), JSON.stringify(config));
      const layer = 'model.layers.0';
      await writeSafetensors(join(folder, 'model.safetensors'), [
        weights('model.embed_tokens.weight', vocabSize, dim),
        norm('model.norm.weight'),
        norm(`${layer}.input_layernorm.weight`),
        norm(`${layer}.post_attention_layernorm.weight`),
        weights(`${layer}.self_attn.q_proj.weight`, dim, dim),
        weights(`${layer}.self_attn.k_proj.weight`, nKvHeads * headDim, dim),
        weights(`${layer}.self_attn.v_proj.weight`, nKvHeads * headDim, dim),
        weights(`${layer}.self_attn.o_proj.weight`, dim, dim),
        weights(`${layer}.mlp.gate_proj.weight`, hiddenDim, dim),
        weights(`${layer}.mlp.up_proj.weight`, hiddenDim, dim),
        weights(`${layer}.mlp.down_proj.weight`, dim, hiddenDim),
      ]);
      const output = join(folder, 'model.bin');
      await drain(exportModel({ source: folder, output }));

      const source = await openFile(output);
      const { layout } = await readBinFile(source);
      await source.close();
      const file = await open(output);
      const ends = Buffer.alloc(8);
      for (const tensor of layout.tensors) {
        const [rows, cols] = tensor.shape.length === 1 ? [1, tensor.shape[0]!] : [tensor.shape[0]!, tensor.shape[1]!];
        for (let row = 0; row < rows; row++) {
          const start = tensor.byteOffset + 4 * row * cols;
          await file.read(ends, 0, 4, start);
          await file.read(ends, 4, 4, start + 4 * (cols - 1));
          const from = tensor.kind === 'wq' || tensor.kind === 'wk' ? checkpointRow(row) : row;
          assert.equal(ends.readFloatLE(0), from, `${tensor.name} row ${row}`);
          assert.equal(ends.readFloatLE(4), from + (cols - 1) / 4096, `${tensor.name} row ${row}`);
        }
      }
      await file.close();
    });
  }).timeout(20000);
});
