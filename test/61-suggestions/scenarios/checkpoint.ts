// Checkpoint folders with damaged, missing or contradicting files.

import { readFile, rm } from 'node:fs/promises';
import { openCheckpoint } from '@llama-ts/exporter';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

/** A copy of the sample's checkpoint with one file changed, which the user downloads again. */
function damaged(
  title: string,
  code: string,
  name: string,
  change: (text: string) => string | Uint8Array,
  rest: Partial<Scenario> = {},
): Scenario {
  return {
    title: `a checkpoint with ${title}`,
    code,
    async prepare(s) {
      await s.take('checkpoint');
      await s.write(`checkpoint/${name}`, change(await readFile(s.path(`checkpoint/${name}`), 'utf8').catch(() => '')));
    },
    call: async (s) => (await openCheckpoint(s.path('checkpoint'))).close(),
    acts: [[/^(?:download|set) /, (s) => again(s, name)]],
    ...rest,
  };
}

async function again(s: Situation, name: string): Promise<void> {
  await rm(s.path(`checkpoint/${name}`), { force: true });
  await s.take(`checkpoint/${name}`).catch(() => undefined);
}

const config = (change: (fields: Record<string, unknown>) => object) => (text: string) =>
  JSON.stringify({ ...JSON.parse(text), ...change(JSON.parse(text)) });

export const checkpointScenarios: readonly Scenario[] = [
  damaged('a config.json that is no JSON', 'BAD_CONFIG', 'config.json', () => '{'),
  damaged(
    'a config.json of an impossible value',
    'BAD_CONFIG',
    'config.json',
    config(() => ({ hidden_size: -1 })),
  ),
  damaged('a generation_config.json that is no JSON', 'BAD_CONFIG', 'generation_config.json', () => 'x'),
  damaged('a tokenizer.json that is no JSON', 'BAD_TOKENIZER', 'tokenizer.json', () => '[]'),
  damaged('a tokenizer.json without merges', 'BAD_TOKENIZER', 'tokenizer.json', () => '{"model": {"type": "BPE"}}'),
  damaged(
    'a chat template that is not UTF-8',
    'BAD_CHAT_TEMPLATE',
    'chat_template.jinja',
    () => new Uint8Array([0xff]),
  ),
  {
    title: 'a folder in place of config.json',
    code: 'FILE_UNREADABLE',
    prepare: async (s) => {
      await s.take('checkpoint');
      await s.run('rm -rf checkpoint/config.json; mkdir checkpoint/config.json');
    },
    command: 'llama export m.bin --hf checkpoint --force',
  },
  {
    title: 'a config.json that may not be read',
    code: 'FILE_UNREADABLE',
    needs: 'modes',
    async prepare(s) {
      await s.take('checkpoint');
      await s.run('chmod 000 checkpoint/config.json');
    },
    command: 'llama export out.bin --hf checkpoint',
  },
  {
    title: 'a checkpoint of more layers than its weights have',
    code: 'MISSING_TENSOR',
    async prepare(s) {
      await s.take('checkpoint');
      const text = await readFile(s.path('checkpoint/config.json'), 'utf8');
      await s.write('checkpoint/config.json', config(() => ({ num_hidden_layers: 99 }))(text));
    },
    command: 'llama export out.bin --hf checkpoint',
  },
];
