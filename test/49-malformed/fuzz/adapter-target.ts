// Fuzz targets: the files of LoRA adapters, merged into the bundled model.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ModelSource, openModelSource, withAdapters } from '@llama-ts/exporter';
import { layout, rowsOf } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { fileOf } from '../../20-safetensors/support.js';
import { torchFile } from '../../22-pytorch/support.js';
import type { FuzzTarget } from './run-cases.js';

const sizes = JSON.parse(readFileSync(join(sampleModelPath, 'config.json'), 'utf8')) as {
  hidden_size: number;
  intermediate_size: number;
};
const RANK = 2;
const MODULE = 'base_model.model.model.layers.0.mlp.up_proj';
const CONFIG = JSON.stringify({
  ...{ peft_type: 'LORA', r: RANK, lora_alpha: 4, use_rslora: false, use_dora: false, bias: 'none' },
  ...{ target_modules: ['up_proj'], rank_pattern: { up_proj: RANK }, alpha_pattern: {}, init_lora_weights: true },
});
const TENSORS = [
  { name: `${MODULE}.lora_A.weight`, shape: [RANK, sizes.hidden_size] },
  { name: `${MODULE}.lora_B.weight`, shape: [sizes.intermediate_size, RANK] },
] as const;
const bytesOf = (shape: readonly number[]): number => 4 * shape.reduce((product, n) => product * n, 1);

function safetensorsFile(): Uint8Array {
  let end = 0;
  const entries = TENSORS.map(({ name, shape }) => {
    const start = end;
    end += bytesOf(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  return fileOf(JSON.stringify(Object.fromEntries(entries)), new Uint8Array(end).fill(1));
}

const pickleFile = (): Uint8Array =>
  new Uint8Array(
    torchFile(
      TENSORS.map(({ name, shape }) => {
        return { name, type: 'FloatStorage' as const, shape, data: new Uint8Array(bytesOf(shape)).fill(1) };
      }),
    ),
  );

const whole: Readonly<Record<string, () => Uint8Array>> = {
  'adapter_config.json': () => new TextEncoder().encode(CONFIG),
  'adapter_model.safetensors': safetensorsFile,
  'adapter_model.bin': pickleFile,
};

let opened: Promise<ModelSource> | undefined;

/** The bundled model, which stays open. */
async function base(): Promise<ModelSource> {
  opened ??= openModelSource(sampleModelPath);
  return { ...(await opened), close: async () => undefined };
}

/** An adapter with one file damaged; made in `scratch`. */
function adapterTarget(file: string, scratch: string): FuzzTarget {
  const folder = join(scratch, `adapter-with-${file}`);
  const weights = file === 'adapter_config.json' ? 'adapter_model.safetensors' : file;
  let made: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const name of ['adapter_config.json', weights]) await writeFile(join(folder, name), whole[name]!());
  };
  return {
    name: `a LoRA adapter with ${file}`,
    weight: 0.3,
    samples: [whole[file]!()],
    tokens: [
      ...['"LORA"', '"use_dora"', '"rank_pattern"', '"up_proj"', '"lora_alpha"', '"bias"', '"F16"', '"BF16"', '"F64"'],
      ...['lora_A', 'lora_B', 'lora_magnitude_vector', 'lora_embedding_A', 'lm_head', 'embed_tokens'],
    ],
    async read(bytes) {
      made ??= make();
      await made;
      await writeFile(join(folder, file), bytes);
      const model = await base();
      const source = await withAdapters(model, [{ folder }]);
      try {
        const { dimensions } = source;
        for (const tensor of layout({ version: 1, dimensions, groupSize: null }).tensors) {
          if (source.weights.dtypeOf(tensor) === model.weights.dtypeOf(tensor)) continue;
          const into = new Uint8Array(4 * tensor.nValues);
          await (await source.weights.readRows(tensor, 0, rowsOf(tensor), into)).hashed;
        }
        assert.match((await source.provenance())!.source, / \+ adapter-with-/);
      } finally {
        await source.close();
      }
    },
  };
}

export function adapterTargets(scratch: string): readonly FuzzTarget[] {
  return Object.keys(whole).map((file) => adapterTarget(file, scratch));
}
