// What people mistype, and files that are not there or not what a command takes.

import { mkdir } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub } from './hub-of-sample.js';

const fill = {
  MODEL: 'model.bin',
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

async function prepareResults(s: Situation): Promise<void> {
  await prepareFiles(s);
  await s.run('llama verify model.bin --json > verify.json; llama eval model.bin --text story.txt --json > eval.json');
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
  usage('llama rnu model.bin Once -n 1'),
  usage('llama model.bin -n 1 --temp 0 -ngl 9'),
  usage('llama "Once upon" -n 1'),
  usage('llama verify --against checkpoint'),
  usage('llama inspect --file model.bin'),
  usage('llama run model.bin -n 1 -i Once --top-k'),
  usage('llama run model.bin -n 1 -i Once --seed 1 -s 2'),
  usage('llama run model.bin -n 1 -i Once --input prompts.jsonl --output out.jsonl'),
  usage('llama run meta-llama/Tiny/ -n 1 -i Once', 'FILE_NOT_FOUND', { prepare: (s) => withHub(s, 'meta-llama/Tiny') }),
  usage('llama convert', 'USAGE'),
  usage('llama run -m model.bin -p "Once upon" --ctx-size 64 -ngl 99 -n 1'),
  usage('llama export -o out.bin --from checkpoint'),
  usage('llama quantize model.bin --out q4.bin Q4_K_M'),
  usage('llama quantize model.bin out.bin Q8_0'),
  usage('llama run -m model.bin -p "Once upon" --ctx-size 64 -cnv --max-tokens 1'),
  usage('llama tokenize "Once upon a time" --ids', 'FILE_NOT_FOUND', { prepare: () => undefined }),
  usage('llama download llama3.2', 'USAGE', { prepare: (s) => withHub(s, 'meta-llama/Llama-3.2-1B-Instruct') }),
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
  usage('llama export out.bin --hf checkpoint --version 3 --types w2:q8'),
  usage('llama export out.bin --hf checkpoint --version 2 --types w2=q8'),
  usage('llama export out.bin --hf checkpoint --plain --chat-template llama3'),
  usage('llama export --hf checkpoint out.bin other.bin'),
  usage('llama detokenize model.bin Once'),
  usage('llama report out.html'),
  usage('llama run modle.bin -n 1 -i Once', 'FILE_NOT_FOUND'),
  usage('llama inspect modle.bin', 'FILE_NOT_FOUND'),
  usage('llama inspect no/such/file.xyz', 'FILE_NOT_FOUND'),
  usage('llama eval model.bin --text stroy.txt', 'FILE_NOT_FOUND'),
  usage('llama report out.html --verify nothing.json', 'FILE_NOT_FOUND'),
  usage('llama tokenize -z tokeniser.bin -i Once', 'FILE_NOT_FOUND', {
    prepare: async (s) => [await s.take('tokenizer.bin')],
  }),
  usage('llama verify checkpoint', 'NOT_A_MODEL'),
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
  usage('llama inspect meta-llama/Tiny', 'NOT_A_MODEL', { prepare: (s) => withHub(s, 'meta-llama/Tiny') }),
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
    checks: [[/llama report/, (s) => s.run('test -s out.html && test -s eval.json')]],
  }),
  usage('llama report out.html --verify eval.json', 'BAD_REPORT', { prepare: prepareResults }),
  usage('llama report out.html --verify eval.json --eval verify.json', 'BAD_REPORT', { prepare: prepareResults }),
  usage('llama report out.html --verify verify.json --eval verify.json', 'BAD_REPORT', { prepare: prepareResults }),
  usage('llama run notes.txt -n 1', 'NOT_A_MODEL', {
    prepare: async (s) => [
      await withHub(s, 'meta-llama/Llama-3.2-1B-Instruct'),
      await s.write('notes.txt', 'Once upon'),
    ],
  }),
  usage('mkfifo pipe && llama run pipe -n 1 -i Once', 'FILE_UNREADABLE'),
  usage('llama chat named.bin Hi -n 64 --template-name nope', 'INVALID_OPTION', {
    async prepare(s) {
      await s.take('checkpoint');
      await s.run('mkdir checkpoint/additional_chat_templates');
      await s.write('checkpoint/additional_chat_templates/tool_use.jinja', '{{ messages[0].content }}');
      await s.run('llama export checkpoint named.bin');
    },
  }),
  usage('llama convert plain.bin out.bin --to v1 --chat-template llama3', 'INVALID_ARGUMENT', {
    prepare: (s) => s.take('plain.bin'),
  }),
  usage('llama convert model.bin out.bin --to v1 --plain --chat-template llama3', 'INVALID_ARGUMENT'),
  usage('llama export checkpoint weights.safetensors', 'USAGE'),
  usage('llama export checkpoint weights.safetensors --to gguf', 'USAGE'),
  usage('llama export checkpoint weights.safetensors --to safetensors', 'USAGE'),
  usage('llama chat model.bin Hi --transcript story.txt/talk.jsonl', 'FILE_UNWRITABLE'),
  usage('llama autocomplete', 'USAGE', {
    async prepare(s) {
      await prepareFiles(s);
      s.env.SHELL = '/usr/bin/fish';
    },
  }),
  usage('llama --seed'),
  usage('llama -m model.bin -n 4'),
  usage('llama autocomplete bash', 'CACHE_READ_ONLY', {
    needs: 'modes',
    async prepare(s) {
      await prepareFiles(s);
      await mkdir(s.path('cache'));
      await s.run('chmod 500 cache');
      s.env.XDG_CACHE_HOME = s.path('cache');
    },
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
  chat(['/set temp']),
  chat(['/set regex [a-z]+', '/set stop a']),
  chat(['/set stop a', '/set regex [a-z]+']),
  chat(['/undo']),
  chat(['Hi', '/edit']),
];

async function withSession(s: Situation): Promise<void> {
  await prepareFiles(s);
  await s.run(`printf 'Hi\\n/save talk.session\\n' | llama chat model.bin`);
}
