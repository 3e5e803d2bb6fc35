// What a command meets on its machine: an output that fails, memory that is not to be had, files too long, a signal.

import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { writeLargeCheckpoint } from '../../60-cli/support.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const takeModel = (s: Situation): Promise<string> => s.take('model.bin');
const then = (command: string) => () => ({ command });
const run = 'llama run model.bin -n 1 -i Once';

/** Makes the command fail from within, as long as the file `trouble` is there. */
async function sabotage(s: Situation, error: string): Promise<void> {
  await takeModel(s);
  await s.write('trouble', '');
  const preload = await s.write(
    'sabotage.mjs',
    `import { existsSync } from 'node:fs';
     const isCommand = process.argv[1]?.endsWith('run.js') && existsSync(new URL('trouble', import.meta.url));
     if (isCommand) setTimeout(() => Promise.reject(${error}), 300);`,
  );
  s.env.NODE_OPTIONS = `--import ${pathToFileURL(preload).href}`;
}

/** Ctrl-C on an export as soon as a tensor is finished, once. */
const interruptOnce = `import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
const child = spawn('llama', process.argv.slice(2), { stdio: ['ignore', 'pipe', 'inherit'] });
child.stdout.on('data', (text) => {
  if (!/2\\//.test(text) || existsSync('interrupted')) return;
  writeFileSync('interrupted', '');
  child.kill('SIGINT');
});
child.on('exit', (code) => {
  process.exitCode = code;
});
`;

/** A file of 300 MB that takes no room. */
async function longFile(s: Situation, name: string, start: string): Promise<void> {
  await writeFile(s.path(name), start);
  await truncate(s.path(name), 300_000_000);
}

export const machineScenarios: readonly Scenario[] = [
  {
    title: 'a standard output that accepts no bytes',
    code: 'WRITE_FAILED',
    prepare: takeModel,
    command: `${run} 1< /dev/null`,
    acts: [[/^redirect the output to a file/, then(`${run} > out.txt`)]],
  },
  {
    title: 'an error that nothing expects',
    code: 'INTERNAL',
    prepare: (s) => sabotage(s, `new Error('surprise')`),
    command: 'llama run model.bin -n 1',
    explains: / at .*sabotage\.mjs/,
  },
  {
    title: 'more memory than any limit allows',
    code: 'LIMIT_EXCEEDED',
    prepare: (s) => sabotage(s, `new RangeError('Array buffer allocation failed')`),
    command: run,
    acts: [[/^end other programs/, (s) => s.run('rm trouble')]],
  },
  {
    title: 'an export that is interrupted',
    code: 'INTERRUPTED',
    async prepare(s) {
      await mkdir(s.path('large'));
      await writeLargeCheckpoint(s.path('large'));
      await s.write('interrupt.mjs', interruptOnce);
      await s.tool('interrupted-llama', 'exec node interrupt.mjs "$@"');
    },
    command: 'interrupted-llama export out.bin --hf large --verbose',
    checks: [
      [
        /^llama export out\.bin/,
        (_, { stdout }) => {
          if (!/\d tensors were there/.test(stdout)) throw new Error(`did not go on:\n${stdout}`);
        },
      ],
    ],
  },
  {
    title: 'a text too long to be evaluated on',
    code: 'LIMIT_EXCEEDED',
    prepare: async (s) => [await takeModel(s), await longFile(s, 'long text.txt', 'Once upon a time')],
    command: "llama eval model.bin --max-tokens 8 --text 'long text.txt'",
    acts: [[/head -c/, then('llama eval model.bin --max-tokens 8 --text part.txt')]],
  },
  {
    title: 'prompts too long to be read at once',
    code: 'LIMIT_EXCEEDED',
    prepare: async (s) => [
      await takeModel(s),
      await longFile(s, 'prompts.jsonl', `{"prompt": "Once"}\n${'\n'.repeat(100_000)}`),
    ],
    command: 'llama run model.bin -n 1 --input prompts.jsonl --output out.jsonl',
    acts: [[/split -l/, then('llama run model.bin -n 1 --input part-aa --output out.jsonl')]],
  },
  {
    title: 'a schema too long to be read',
    code: 'LIMIT_EXCEEDED',
    prepare: async (s) => [await takeModel(s), await longFile(s, 'schema.json', '{}')],
    command: 'llama run model.bin -i Once --max-tokens 8 --json-schema schema.json',
    acts: [[/^write a shorter schema/, (s) => s.write('schema.json', '{"type": "null"}')]],
  },
];
