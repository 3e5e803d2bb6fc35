// What people mistype, and files that are not there or not what a command takes.

import { mkdir } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub } from './hub-of-sample.js';

const fill = {
  FOLDER: '.',
  REPO_OR_DIR: 'checkpoint',
  'PROMPT.txt': 'latin1.txt',
  FILE: 'talk.session',
  'TOKENIZER.bin': 'tokenizer.bin',
  'TEXT.txt': 'story.txt',
};
const LATIN1 = Buffer.from('Caf\u00e9', 'latin1');

/** A usage error, whose suggestions are whole commands. */
function usage(command: string, code = 'USAGE', rest: Partial<Scenario> = {}): Scenario {
  return {
    title: `the command ${command}`,
    code,
    fill,
    prepare: prepareFiles,
    command,
    ...rest,
  };
}

async function prepareFiles(s: Situation): Promise<void> {
  await s.take('model.bin');
  await s.take('checkpoint');
  await s.write('prompts.jsonl', '{"prompt": "Once"}\n');
  await s.write('latin1.txt', LATIN1);
  await s.write('story.txt', 'Once upon a time, there was a fox.');
}

/** A chat whose last line fails. */
function chat(lines: readonly string[], rest: Partial<Scenario> = {}): Scenario {
  return {
    title: `the chat ${lines.join(', ')}`,
    code: 'USAGE',
    fill,
    prepare: prepareFiles,
    chat: { args: 'model.bin', lines },
    ...rest,
  };
}

const then = (command: string) => () => ({ command });

export const commandLineScenarios: readonly Scenario[] = [
  usage('llama rnu'),
  usage('llama pull llama3.2', 'USAGE', { prepare: (s) => withHub(s, 'meta-llama/Llama-3.2-1B-Instruct') }),
  usage('llama model.bin -n 1'),
  usage('llama xyzzy'),
  usage('llama run model.bin -i Once -n 1 --temperature 0,5'),
  usage('llama run model.bin -i Once -n 1 --temp 0'),
  usage('llama run model.bin -i Once -n 1 -ngl 99'),
  usage('llama run -m model.bin -n 1 -i Once'),
  usage('llama run model.bin -n 1 -f story.txt'),
  usage('llama run -n 1 -p "Once upon"'),
  usage('llama run model.bin --model-x 3 -n 1 -i Once'),
  usage('llama run model.bin -n 1 -i Once --backend'),
  usage('llama run model.bin -n 1 -i Once --backend avx'),
  usage('llama run model.bin -n 1 -i Once --rope-theta 10000'),
  usage('llama run model.bin -n 1 Once upon a time'),
  usage('llama run model.bin -n 1 Once -i Once'),
  usage('llama run model.bin Once -n 1 --input prompts.jsonl --output out.jsonl'),
  usage('llama run model.bin -n 1 -i Once -s -1'),
  usage('llama run model.bin -n 1 -i Once --logit-bias x'),
  usage('llama convert model.bin out.gguf'),
  usage('llama export out.bin --hf checkpoint --type f16'),
  usage('llama export out.bin --hf checkpoint --plain --chat-template llama3'),
  usage('llama export --hf checkpoint out.bin other.bin'),
  usage('llama detokenize model.bin Once'),
  usage('llama report out.html'),
  usage('llama run modle.bin -n 1 -i Once', 'FILE_NOT_FOUND'),
  usage('llama run checkpoint -n 1 -i Once', 'NOT_A_MODEL'),
  usage('llama run . -n 1 -i Once', 'NOT_A_MODEL'),
  usage('llama tokenize nothing.bin -i Once', 'FILE_NOT_FOUND'),
  usage('llama run model.bin -n 1 -i Once --context 100000', 'INVALID_OPTION'),
  usage('llama chat model.bin Hi --chat-template none.jinja', 'FILE_NOT_FOUND'),
  usage('llama run model.bin -n 1 < latin1.txt', 'BAD_PROMPT', { fill: { 'PROMPT.txt': './latin1.txt' } }),
  usage('llama run model.bin -n 1 < .', 'FILE_UNREADABLE'),
  usage('llama run model.bin -n 40 -i Once --json-schema story.txt', 'BAD_SCHEMA', {
    acts: [[/^write it as JSON/, (s) => s.write('story.txt', '{"type": "null"}')]],
  }),
  usage('llama eval model.bin --text latin1.txt', 'BAD_TEXT', {
    acts: [[/iconv/, then('llama eval model.bin --text text.txt')]],
  }),
  usage('llama export out.bin --hf checkpoint --stream', 'INVALID_ARGUMENT'),
  usage('llama eval base.bin', 'USAGE', {
    async prepare(s) {
      await s.take('base.bin');
    },
  }),
  usage('llama run model.bin -n 1 --input empty.jsonl --output out.jsonl', 'BAD_PROMPTS', {
    prepare: async (s) => [await s.take('model.bin'), await s.write('empty.jsonl', '\n')],
  }),
  usage('llama run model.bin -n 1 --input bad.jsonl --output out.jsonl', 'BAD_PROMPTS', {
    prepare: async (s) => [await s.take('model.bin'), await s.write('bad.jsonl', '{"prompt": "Once"}\n{"promt": 1}\n')],
  }),
  usage('llama run base.bin -n 2 --input talks.jsonl --output out.jsonl', 'NO_CHAT_TEMPLATE', {
    prepare: async (s) => [
      await s.take('base.bin'),
      await s.write('talks.jsonl', '{"messages": [{"role": "user", "content": "Hi"}]}\n'),
    ],
  }),
  usage('llama run model.bin -n 2 --input long.jsonl --output out.jsonl --context 32', 'LINES_FAILED', {
    prepare: async (s) => [
      await s.take('model.bin'),
      await s.write('long.jsonl', `${JSON.stringify({ prompt: 'Once upon a time '.repeat(50) })}\n`),
    ],
  }),
  usage('mkdir gone && cd gone && rmdir ../gone && llama export x.bin', 'FILE_NOT_FOUND', {
    checks: [[/^cd ~/, (s) => s.run('cd ~ && llama version')]],
    acts: [[/^cd ~/, then('cd ~ && llama version')]],
  }),
  usage('llama run model.bin -n 1 -i Once > /dev/full', 'DISK_FULL', {
    acts: [[/^free some space/, then('llama run model.bin -n 1 -i Once')]],
  }),
  {
    title: 'a cache folder for the sample model that cannot be made',
    code: 'CACHE_FAILED',
    fill: { FOLDER: '.' },
    async prepare(s) {
      await s.write('file', '');
      await mkdir(s.path('tmp'));
      Object.assign(s.env, { XDG_CACHE_HOME: s.path('file'), TMPDIR: s.path('file') });
    },
    command: 'llama run -n 1',
  },
  usage('llama chat model.bin Hi --chat-template big.jinja', 'LIMIT_EXCEEDED', {
    prepare: async (s) => [await s.take('model.bin'), await s.run('truncate -s 20M big.jinja')],
  }),
  usage('llama export model.bin', 'OUTPUT_EXISTS'),
  usage('llama export meta-llama/Tiny', 'USAGE', {
    prepare: async (s) => [await withHub(s, 'meta-llama/Tiny'), await mkdir(s.path('meta-llama'))],
  }),
  usage('llama run meta-llama/Tiny -n 1 -i Once', 'NOT_A_MODEL', { prepare: (s) => withHub(s, 'meta-llama/Tiny') }),
  usage('llama export meta-llama/Tiny out.bin --stream', 'HUB_OFFLINE', {
    async prepare(s) {
      await withHub(s, 'meta-llama/Tiny');
      await s.run('llama export meta-llama/Tiny first.bin');
      s.env.HF_HUB_OFFLINE = '1';
    },
  }),
  usage('llama export "$HF_ENDPOINT/meta-llama/Tiny/tree/v1" out.bin --revision main', 'USAGE', {
    prepare: (s) => withHub(s, 'meta-llama/Tiny'),
  }),
  usage('llama tokenize plain.bin -i Once', 'NO_TOKENIZER', {
    prepare: async (s) => [await s.take('plain.bin'), await s.take('tokenizer.bin')],
  }),
  usage('llama tokenize other -i Once', 'NO_TOKENIZER', { prepare: (s) => s.take('other') }),
  usage('llama autocomplete', 'CACHE_FAILED', {
    async prepare(s) {
      await prepareFiles(s);
      s.env.XDG_CACHE_HOME = s.path('story.txt');
    },
  }),
  usage('llama report out.html --verify verify.json --eval eval.json', 'DIFFERENT_MODELS', {
    async prepare(s) {
      await s.take('model.bin');
      await s.take('v2.bin');
      await s.write('story.txt', 'Once upon a time, there was a fox.');
      await s.run('llama verify model.bin --json > verify.json; llama eval v2.bin --text story.txt --json > eval.json');
    },
    checks: [
      [
        /llama eval/,
        async (s) => {
          const { exitCode, stderr } = await s.run('llama report out.html --verify verify.json --eval eval.json');
          if (exitCode !== 0) throw new Error(stderr);
        },
      ],
    ],
  }),
  chat(['/save']),
  chat(['/load'], { prepare: withSession }),
  chat(['/load notes.jsonl'], {
    code: 'BAD_SESSION',
    async prepare(s) {
      await withSession(s);
      await s.write('notes.jsonl', '{"said": 1}\n');
    },
  }),
  chat(['/stats maybe']),
  chat(['/hepl']),
  chat(['/set stop ["a", 1]']),
  chat(['/set xyzzy 1']),
  chat(['/set temprature 1']),
  chat(['/set regex [a-z]+', '/set stop a']),
  chat(['/set stop a', '/set regex [a-z]+']),
  chat(['/undo']),
  chat(['Hi', '/edit']),
];

async function withSession(s: Situation): Promise<void> {
  await prepareFiles(s);
  await s.run(`printf 'Hi\\n/save talk.session\\n' | llama chat model.bin`);
}
