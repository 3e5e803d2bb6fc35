// LoRA adapters that cannot be merged, and names that lead to none.

import { openModelSource } from '@llama-ts/exporter';
import { writeSafetensors } from '@llama-ts/safetensors';
import { sampleModelPath } from '@llama-ts/sample-model';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

/** An adapter of rank 1 for the sample model's first up projection, as adapter/, with a change to what it says. */
async function adapterFolder(
  s: Situation,
  change: Record<string, unknown> = {},
  rank = 1,
  [dtype, bytes]: readonly ['F32' | 'F64', number] = ['F32', 4],
): Promise<void> {
  const config = { peft_type: 'LORA', r: 1, lora_alpha: 1, ...change };
  await s.write('adapter/adapter_config.json', JSON.stringify(config));
  const source = await openModelSource(sampleModelPath);
  const { dim, hiddenDim } = source.dimensions;
  await source.close();
  const module = 'base_model.model.model.layers.0.mlp.up_proj';
  const zeros = (name: string, shape: readonly number[]) => {
    return {
      name: `${module}.${name}.weight`,
      dtype,
      shape,
      data: new Uint8Array(bytes * shape[0]! * shape[1]!),
    };
  };
  await writeSafetensors(s.path('adapter/adapter_model.safetensors'), [
    zeros('lora_A', [rank, dim]),
    zeros('lora_B', [hiddenDim, rank]),
  ]);
}

/** An adapter that is refused; a good one takes its place. */
function lora(title: string, code: string, spoil: (s: Situation) => Promise<unknown>): Scenario {
  return {
    title: `a LoRA adapter ${title}`,
    code,
    prepare: spoil,
    command: 'llama export out.bin --hf sample-model --lora adapter',
    acts: [[/^(?:download|merge it|name the model|save it)/, (s: Situation) => adapterFolder(s)]],
  };
}

/** An adapter that is named wrongly. */
function mistaken(adapter: string, code: string): Scenario {
  return {
    title: `the adapter ${adapter}, which is none`,
    code,
    prepare: (s) => adapterFolder(s),
    command: `llama export out.bin --hf sample-model --lora ${adapter}`,
  };
}

export const loraScenarios: readonly Scenario[] = [
  {
    title: 'a LoRA adapter in place of a model',
    code: 'NOT_A_CHECKPOINT',
    prepare: async (s) => [
      await s.take('checkpoint', 'my base'),
      await adapterFolder(s, { base_model_name_or_path: 'my base' }),
    ],
    command: 'llama export adapter',
    acts: [[/^the base alone/, () => undefined]],
  },
  lora('of float64', 'UNSUPPORTED_DTYPE', (s) => adapterFolder(s, {}, 1, ['F64', 8])),
  lora('of another method', 'UNSUPPORTED_MODEL', (s) => adapterFolder(s, { peft_type: 'IA3' })),
  lora('of rank 0', 'BAD_CONFIG', (s) => adapterFolder(s, { r: 0 })),
  lora('of another rank than it says', 'BAD_TENSOR_SHAPE', (s) => adapterFolder(s, {}, 2)),
  lora('without weights', 'NOT_A_CHECKPOINT', (s) =>
    s.write('adapter/adapter_config.json', '{"peft_type":"LORA","r":1}'),
  ),
  {
    title: 'a LoRA adapter with a scale that is no number',
    code: 'USAGE',
    prepare: (s) => adapterFolder(s),
    command: 'llama export out.bin --hf sample-model --lora adapter=half',
    acts: [[/^leave the scale out/, () => ({ command: 'llama export out.bin --hf sample-model --lora adapter=0.5' })]],
  },
  mistaken('adaptr', 'SOURCE_NOT_FOUND'),
  mistaken('some/where/else', 'SOURCE_NOT_FOUND'),
  mistaken('adapter/adapter_model.safetensors', 'NOT_A_CHECKPOINT'),
  {
    title: 'a LoRA adapter without the model that it is merged into',
    code: 'USAGE',
    prepare: async (s) => [await s.take('model.bin'), await s.take('checkpoint'), await adapterFolder(s)],
    command: 'llama verify model.bin --lora adapter',
    fill: { REPO_OR_DIR_OR_BIN: 'checkpoint' },
  },
];
