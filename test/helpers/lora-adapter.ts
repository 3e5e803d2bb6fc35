// A LoRA adapter for the sample model.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '@llama-ts/safetensors';
import { sampleModelPath } from '@llama-ts/sample-model';

const MODULE = 'base_model.model.model.layers.0.mlp.up_proj';

/** Writes an adapter of rank 1 that adds `amount` to every weight of the first layer's up projection. */
export async function writeSampleAdapter(folder: string, amount: number): Promise<void> {
  const config = JSON.parse(await readFile(join(sampleModelPath, 'config.json'), 'utf8'));
  const { hidden_size: dim, intermediate_size: hidden } = config as { hidden_size: number; intermediate_size: number };
  const matrix = (name: string, shape: readonly [number, number], value: number) => {
    const data = new Uint8Array(new Float32Array(shape[0] * shape[1]).fill(value).buffer);
    return { name: `${MODULE}.${name}.weight`, dtype: 'F32' as const, shape, data };
  };
  await mkdir(folder, { recursive: true });
  const settings = { peft_type: 'LORA', r: 1, lora_alpha: 1, base_model_name_or_path: 'me/base' };
  await writeFile(join(folder, 'adapter_config.json'), JSON.stringify(settings));
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), [
    matrix('lora_A', [1, dim], 1),
    matrix('lora_B', [hidden, 1], amount),
  ]);
}
