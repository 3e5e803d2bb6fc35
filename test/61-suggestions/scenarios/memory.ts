// Models, caches and passes that the memory of a process does not hold.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { writeSparseModel } from '../../helpers/sparse-model.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const isLinux = process.platform === 'linux';
/** Addresses that Node takes by itself, in kilobytes, as ulimit counts. */
const baseKb = isLinux
  ? Number(
      spawnSync(process.execPath, ['-p', "fs.readFileSync('/proc/self/status', 'latin1')"], {
        encoding: 'utf8',
      }).stdout.match(/^VmSize:\s+(\d+)/m)![1],
    )
  : 0;
const settings = '-z tokenizer.bin -t 0 --rope-theta 10000 --rope-scaling none --threads 1';

/** A process of llama gets this many kilobytes above what Node takes, until memory is freed. */
async function limitMemory(s: Situation, kilobytes: number): Promise<void> {
  const llama = join(s.folder, '../../bin/llama');
  await s.tool('llama', `ulimit -v ${baseKb + kilobytes}; exec '${llama}' "$@"`);
}

/** A cache of 64 kB a position. */
const cached = { dim: 128, hiddenDim: 128, nLayers: 64, nHeads: 4, nKvHeads: 4, context: 131_072 };
/** 1.2 GB of weights, and 200 kB of cache a position: 400 MB, more than V8 takes more or less in one run than in another. */
const heavy = { dim: 1024, hiddenDim: 2752, nLayers: 24, nHeads: 16, nKvHeads: 16, context: 2048 };

async function takeSparse(s: Situation, sizes: typeof cached): Promise<void> {
  await s.take('tokenizer.bin');
  await writeSparseModel(s.path('big.bin'), sizes);
}

async function runQuantized(s: Situation): Promise<void> {
  const { exitCode, stderr } = await s.run(`llama run big-q8.bin x -n 3 ${settings} --context 256`);
  if (exitCode !== 0) throw new Error(stderr);
}

export const memoryScenarios: readonly Scenario[] = [
  {
    title: 'a KV cache larger than the memory that other programs leave',
    code: 'LIMIT_EXCEEDED',
    needs: 'linux',
    prepare: async (s) => [await takeSparse(s, cached), await limitMemory(s, 600_000)],
    command: `llama run big.bin x -n 3 ${settings} --context 32768`,
    acts: [[/^end other programs/, (s) => s.run('rm ../bin/llama')]],
  },
  {
    title: 'a KV cache larger than memory, of which a part would fit',
    code: 'LIMIT_EXCEEDED',
    needs: 'linux',
    prepare: async (s) => [await takeSparse(s, cached), await limitMemory(s, 6_000_000)],
    command: `llama run big.bin x -n 3 ${settings} --context 131072`,
    // V8 takes more addresses in one run than in another.
    varies: /(?<=--context )\d+/,
  },
  {
    title: 'a KV cache larger than the memory that the weights leave',
    code: 'LIMIT_EXCEEDED',
    needs: 'linux',
    prepare: async (s) => [await takeSparse(s, heavy), await limitMemory(s, 1_600_000)],
    command: `llama run big.bin x -n 3 ${settings}`,
    varies: /(?<=--context )\d+/,
    acts: [[/^end other programs/, (s) => s.run('rm ../bin/llama')]],
    checks: [[/^quantized weights leave memory for --context /, runQuantized]],
  },
  {
    title: 'weights larger than memory',
    code: 'LIMIT_EXCEEDED',
    needs: 'linux',
    prepare: async (s) => [await takeSparse(s, heavy), await limitMemory(s, 1_100_000)],
    command: `llama run big.bin x -n 3 ${settings}`,
    checks: [[/llama quantize big\.bin big-q8\.bin/, runQuantized]],
  },
  {
    title: "a forward pass larger than the part of WebAssembly's 4 GiB that a KV cache leaves",
    code: 'LIMIT_EXCEEDED',
    prepare: (s) => takeSparse(s, cached),
    command: `llama run big.bin "$(printf 'Once upon a time %.0s' $(seq 1 170))" --max-tokens 1 ${settings} --backend wasm --context 64900`,
  },
];
