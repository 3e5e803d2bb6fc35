// Checkpoints with a matrix quantized by bitsandbytes.

import { rm } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { changeJson, changeTensors, type Tensor } from './foreign.js';

const MATRIX = 'model.layers.0.self_attn.q_proj.weight';
const BLOCK_SIZE = 64;

/** The sample's checkpoint with one matrix in NF4, all zeros. `stateOf` makes the text of its quant_state. */
async function writeQuantized(s: Situation, stateOf: (right: string) => string = (right) => right): Promise<void> {
  await rm(s.path('my model'), { recursive: true, force: true });
  await s.take('checkpoint', 'my model');
  await changeJson(s, 'config.json', () => ({
    quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true },
  }));
  await changeTensors(s, (all) => all.flatMap((one) => (one.name === MATRIX ? partsOf(one, stateOf) : [one])));
}

function partsOf({ name, shape }: Tensor, stateOf: (right: string) => string): Tensor[] {
  const nValues = shape[0]! * shape[1]!;
  const right = { quant_type: 'nf4', blocksize: BLOCK_SIZE, dtype: 'bfloat16', shape };
  const state = new TextEncoder().encode(stateOf(JSON.stringify(right)));
  const floats = (part: string, n: number): Tensor => {
    return { name: `${name}.${part}`, dtype: 'F32', shape: [n], data: new Uint8Array(4 * n) };
  };
  return [
    { name, dtype: 'U8', shape: [nValues / 2, 1], data: new Uint8Array(nValues / 2) },
    floats('quant_map', 16),
    floats('absmax', Math.ceil(nValues / BLOCK_SIZE)),
    { name: `${name}.quant_state.bitsandbytes__nf4`, dtype: 'U8', shape: [state.length], data: state },
  ];
}

export const quantizedScenarios: readonly Scenario[] = [
  {
    title: 'a checkpoint of bitsandbytes whose quant_state is damaged',
    code: 'BAD_WEIGHTS',
    prepare: (s) => writeQuantized(s, (right) => right.replace('{', '#')),
    command: "llama export 'my model' out.bin",
    acts: [[/^download the file again/, (s) => writeQuantized(s)]],
  },
  {
    title: 'a checkpoint of bitsandbytes whose quant_state lacks the size of blocks',
    code: 'BAD_WEIGHTS',
    prepare: (s) => writeQuantized(s, (right) => right.replace('blocksize', 'block')),
    command: "llama export 'my model' out.bin",
  },
];
