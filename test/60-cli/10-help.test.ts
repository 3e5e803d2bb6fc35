// Help, and what a mistyped command gets.

import { strict as assert } from 'node:assert';
import { runLlama } from '../helpers/run-llama.js';
import { terminalOutput } from '../helpers/terminal-output.js';

const commandNames =
  'autocomplete bench chat compare convert detokenize doctor embed eval export inspect list pull quantize report rm run serve show tokenize verify version'.split(
    ' ',
  );

/** Words, the message about them, and what to type instead. */
const refused: readonly (readonly string[])[] = [
  ['exprot', 'exprot: is no command of llama', 'llama export', 'llama help'],
  [
    'download llama3.2',
    'download: is no command of llama',
    'llama pull meta-llama/Llama-3.2-1B-Instruct',
    'llama help',
  ],
  ['get me/tiny:q8', 'get: is no command of llama', 'llama pull me/tiny:q8', 'llama help'],
  ['ls', 'ls: is no command of llama', 'llama list', 'llama help'],
  ['m.bin "a b"', 'm.bin: is no command of llama', 'llama run m.bin "a b"', 'llama help'],
  ['--nosuch', '--nosuch: is a flag, expected a command before it', 'llama help'],
  ['help nosuch', 'nosuch: is no command of llama', 'llama help'],
  ['rnu m.bin "a b" -n 4', 'rnu: is no command of llama', 'llama run m.bin "a b" -n 4', 'llama help'],
  ['quant m.bin', 'quant: is no command of llama', 'llama quantize m.bin', 'llama help'],
  ['info m.bin', 'info: is no command of llama', 'llama inspect m.bin', 'llama help'],
  ['"Once upon"', 'Once upon: is no command of llama', 'llama run -i "Once upon"', 'llama help'],
  [
    'server -np 2',
    'server: is no command of llama; unknown flag -np: it is called --parallel here',
    'llama serve --parallel 2',
    'llama help',
  ],
  ['rnu --xyzzy', 'rnu: is no command of llama; unknown flag --xyzzy', 'llama run --help', 'llama help'],
  ['nosuch --help', 'nosuch: is no command of llama', 'llama help'],
  [
    'autocomplete fish',
    'fish: expected bash, zsh or powershell',
    ...['bash', 'zsh', 'powershell'].map((shell) => `llama autocomplete ${shell}`),
  ],
  ['export --grup-size 64', 'unknown flag --grup-size', 'llama export --group-size 64', 'llama export --help'],
  ['export --group_size=64', 'unknown flag --group_size', 'llama export --group-size=64', 'llama export --help'],
  ['run --constructor', 'unknown flag --constructor', 'llama run --help'],
  ['run --__proto__ x', 'unknown flag --__proto__', 'llama run --help'],
  ['inspect', 'FILE is missing, expected file or folder', 'llama inspect --help'],
  [
    'verify --against x',
    'MODEL is missing, expected .bin file',
    'llama verify MODEL --against x',
    'llama verify --help',
  ],
  ['convert', 'IN, OUT and --to are missing', 'llama convert --help'],
  ['export --version 5', '--version "5": expected 0, 1, 2 or 3', 'llama export --version 3'],
  [
    'convert a.bin b.bin',
    '--to is missing, expected v0, v1, v2, v3, gguf or safetensors',
    ...['v2', 'v3', 'v1'].map((to) => `llama convert a.bin b.bin --to ${to}`),
    'llama convert --help',
  ],
  [
    'convert a.bin folder',
    '--to is missing, expected v0, v1, v2, v3, gguf or safetensors',
    'llama convert a.bin folder --to safetensors',
    'llama convert --help',
  ],
  ['inspect a b', 'b: more than the command takes, expected no further argument', 'llama inspect a'],
  ['run a b c', 'c: more than the command takes, expected no further argument', 'llama run a "b c"'],
  ['chat a "b c" d', 'd: more than the command takes, expected no further argument', 'llama chat a "b c d"'],
  [
    'run --regex a -i x --json-mode',
    '--regex and --json-mode, expected one of them',
    'llama run -i x --json-mode',
    'llama run --regex a -i x',
  ],
  [
    'run -i x --stop b --regex a',
    '--stop and --regex, expected one of them',
    'llama run -i x --regex a',
    'llama run -i x --stop b',
  ],
  [
    'run --input a --output b -i x',
    '--prompt and --input, expected one of them',
    'llama run --input a --output b',
    'llama run -i x',
  ],
  ['run -i x --logprobs 3', '--logprobs without --json, expected them together', 'llama run -i x --logprobs 3 --json'],
  ['run --input a', '--input without --output, expected them together', 'llama run --input a --output results.jsonl'],
  ['run --top-k', '--top-k without a value, expected one', 'llama run --help'],
  ['run --seed 1 -s 2', '--seed twice, expected it once', 'llama run --seed 1', 'llama run -s 2'],
  [
    'run --cache-type',
    '--cache-type without a value, expected f32 or f16',
    'llama run --cache-type f32',
    'llama run --help',
  ],
  ['chat --cache-type f8', '--cache-type "f8": expected f32 or f16', 'llama chat --cache-type f32'],
  [
    'convert a b.gguf',
    '--to is missing, expected v0, v1, v2, v3, gguf or safetensors',
    'llama convert a b.gguf --to gguf',
    'llama convert --help',
  ],
  [
    'run m.bin "a b" -i c',
    '"a b" and --prompt "c", expected one of them',
    'llama run m.bin "a b"',
    'llama run m.bin c',
  ],
  // What users of llama.cpp and transformers type.
  [
    'run -m m.bin "a b" -n 8',
    '-m "m.bin": -m is the mode here (generate or chat), and the model needs no flag',
    'llama run m.bin "a b" -n 8',
  ],
  [
    'run m.bin -p "Once upon"',
    '-p "Once upon": -p is --top-p here, expected a number from 0 to 1',
    'llama run m.bin -i "Once upon"',
  ],
  ['run --model m.bin x', 'unknown flag --model: the model is an argument of this command', 'llama run m.bin x'],
  ['bench -m m.bin', 'unknown flag -m: the model is an argument of this command', 'llama bench m.bin'],
  ['run m.bin -ngl 99 x', 'unknown flag -ngl: there is no GPU backend', 'llama run m.bin x'],
  ['run m.bin --temp 0.7', 'unknown flag --temp: it is called --temperature here', 'llama run m.bin --temperature 0.7'],
  [
    'run m.bin --max_new_tokens=9',
    'unknown flag --max_new_tokens: it is called --max-tokens here',
    'llama run m.bin --max-tokens 9',
  ],
  ['chat m.bin -c 2048', 'unknown flag -c: it is called --context here', 'llama chat m.bin --context 2048'],
  [
    'export folder -o out.bin --version 2',
    'unknown flag -o: the file to write is an argument of this command',
    'llama export folder out.bin --version 2',
  ],
  [
    'quantize --outfile=q8.bin in.bin',
    'unknown flag --outfile: the file to write is an argument of this command',
    'llama quantize in.bin q8.bin',
  ],
  [
    'convert in.bin --out out.gguf --to gguf',
    'unknown flag --out: it is an argument of this command, expected without a flag',
    'llama convert in.bin out.gguf --to gguf',
  ],
  [
    'convert --out out.gguf --to gguf',
    'unknown flag --out: it is an argument of this command, expected without a flag',
    'llama convert IN out.gguf --to gguf',
  ],
  ['export --from folder', 'unknown flag --from: it is called --hf here', 'llama export --hf folder'],
  [
    'quantize in.bin q4.bin Q4_K_M',
    'Q4_K_M: is a type of llama.cpp, expected --version 3 for as many bits',
    'llama quantize in.bin q4.bin --version 3',
  ],
  [
    'quantize in.bin q8.bin q8_0',
    'q8_0: is a type of llama.cpp, expected --version 2 for as many bits',
    'llama quantize in.bin q8.bin --version 2',
  ],
  ['run m.bin -f my.txt', 'unknown flag -f: a prompt in a file is piped in', 'llama run m.bin < my.txt'],
  ['run m.bin -cnv', 'unknown flag -cnv: conversations are a command of their own', 'llama chat m.bin'],
  [
    'run -m m.bin -p "Once upon" --ctx-size 200 -ngl 99 -fa on --no-warmup -n 8',
    '-m "m.bin": -m is the mode here (generate or chat), and the model needs no flag; ' +
      '-p "Once upon": -p is --top-p here, expected a number from 0 to 1; ' +
      'unknown flag --ctx-size: it is called --context here; unknown flag -ngl: there is no GPU backend; ' +
      'unknown flag -fa: it has no counterpart here; unknown flag --no-warmup: it has no counterpart here',
    'llama run m.bin -i "Once upon" --context 200 -n 8',
  ],
  [
    '-m m.bin -p "Once upon" -cnv',
    '-m: is a flag, expected a command before it; -m "m.bin": -m is the mode here (generate or chat), and the model needs no flag; ' +
      '-p "Once upon": -p is --top-p here, expected a number from 0 to 1; ' +
      'unknown flag -cnv: conversations are a command of their own',
    'llama chat m.bin -i "Once upon"',
    'llama help',
  ],
  [
    'run m.bin --temperatur 0 --bakend wsam -s 1 a b',
    'unknown flag --temperatur; unknown flag --bakend; ' +
      '--backend "wsam": expected wasm, amx, avx512vnni, avx512, avx2, neon, generic or reference; ' +
      'b: more than the command takes, expected no further argument',
    'llama run m.bin --temperature 0 --backend wasm -s 1 "a b"',
    'llama run --help',
  ],
  // Numbers.
  ['run -t 0,7', '--temperature "0,7": expected a number from 0 to 1000', 'llama run --temperature 0.7'],
  ['run -t 0x10', '--temperature "0x10": expected a number from 0 to 1000'],
  ['run -t 12abc', '--temperature "12abc": expected a number from 0 to 1000'],
  ['run --top-k 1__0', '--top-k "1__0": expected a whole number from 0'],
  ['run --top-k 1.5', '--top-k "1.5": expected a whole number from 0'],
  ['run -s -1', '--seed "-1": expected a whole number from 0 to 18446744073709551615', 'llama run --seed 0'],
  [
    'run --logit-bias 3',
    '--logit-bias "3": expected a token id and what to add to it',
    'llama run --logit-bias 100+2',
    'llama run --logit-bias 100-inf',
  ],
];

describe('llama help', () => {
  it('shows commands and examples without an argument', async () => {
    const { exitCode, stdout, stderr } = await runLlama([]);
    assert.equal(exitCode, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /EXAMPLES\n {2}\$ llama run [\s\S]*\$ llama export /);
    for (const command of ['export', 'quantize', 'inspect', 'run', 'chat', 'doctor'])
      assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  });

  it('shows the flags of a command and exits with 0', async () => {
    const { exitCode, stdout } = await runLlama(['export', '--help']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /--group-size/);
  });

  it('shows the flags of run and chat in groups, and what each takes', async () => {
    const run = (await runLlama(['run', '--help'])).stdout;
    assert.deepEqual(run.match(/^[A-Z][A-Z ]+$/gm), [
      ...['USAGE', 'ARGUMENTS', 'FLAGS', 'SAMPLING FLAGS', 'MODEL FLAGS', 'ANSWER FLAGS', 'FILE OF PROMPTS FLAGS'],
      ...['GLOBAL FLAGS', 'EXAMPLES'],
    ]);
    for (const command of ['run', 'chat']) {
      const { stdout } = await runLlama([command, '--help']);
      assert.match(
        stdout,
        new RegExp(`USAGE\\n {2}\\$ llama ${command} \\[MODEL\\]( \\[(PROMPT|QUESTION)\\])? \\[FLAGS\\]\\n`),
      );
      assert.match(stdout, /SAMPLING FLAGS\n(?: {2}.*\n)* +--top-k=N /);
    }
  });

  it('has a name for every value, and words of its own for what plugins bring', async () => {
    const pages = await Promise.all(
      ['help', ...commandNames].map((command) => runLlama(command === 'help' ? ['help'] : [command, '--help'])),
    );
    for (const { stdout } of pages) {
      assert.doesNotMatch(stdout, /<value>|<option|as json|Display/, stdout);
      assert.match(stdout, /USAGE\n {2}\$ llama .*\n/);
    }
    const usages = pages.map(({ stdout }) => /USAGE\n {2}\$ llama (.*)/.exec(stdout)![1]);
    for (const usage of ['convert IN OUT --to FORMAT [FLAGS]', 'verify MODEL [FLAGS]', 'export [SOURCE] [OUT] [FLAGS]'])
      assert(usages.includes(usage), usage);
  });

  it('takes -h for --help at the top and on every command, and -V, --version and version for the version', async () => {
    assert.equal((await runLlama(['-h'])).stdout, (await runLlama(['--help'])).stdout);
    for (const command of ['run', 'chat', 'export', 'inspect', 'autocomplete']) {
      const [short, long] = await Promise.all(['-h', '--help'].map((flag) => runLlama([command, flag])));
      assert.equal(short!.exitCode, 0, short!.stderr);
      assert.equal(short!.stdout, long!.stdout);
      assert.match(short!.stdout, new RegExp(`llama ${command}`));
    }
    for (const word of ['-V', '-v', '--version', 'version']) {
      const { exitCode, stdout } = await runLlama([word]);
      assert.equal(exitCode, 0);
      assert.match(stdout, /^llama \d+\.\d+\.\d+ \(/);
    }
  });

  for (const columns of [20, 40, 60, 80, 200]) {
    it(`breaks no word at ${columns} columns`, async () => {
      const whole = new Set((await helpAt(1000)).split(/[\s|/,=:]+/));
      const text = await helpAt(columns);
      const broken = text.split(/[\s|/,=:\\]+/).filter((word) => word !== '' && !whole.has(word));
      assert.deepEqual(broken, []);
      const long = text.split('\n').filter((line) => line.length > columns && /\S\s+\S/.test(line.trim()));
      assert.deepEqual(long, []);
    });
  }

  for (const [args = '', message, ...remedies] of refused) {
    it(`says of \`${args}\` what was found, what was expected and what to type`, async () => {
      const words = args.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', ''));
      const { exitCode, stdout, stderr } = await runLlama(words);
      assert.deepEqual([exitCode, stdout], [2, '']);
      const expected = [`llama: ${message} [USAGE]`, ...remedies.map((remedy) => `  try: ${remedy}`)];
      assert.equal(stderr.trimEnd(), expected.join('\n'));
    });
  }
});

describe('a suggestion', () => {
  it('begins with npx where npx started the command', async () => {
    const env = { npm_command: 'exec', npm_lifecycle_script: "'llama'" };
    const { stderr } = await runLlama(['rnu', 'm.bin'], { env });
    assert.match(stderr, / {2}try: npx llama run m\.bin\n {2}try: npx llama help\n$/);
    const { stdout } = await runLlama(['rnu', 'm.bin', '--json'], { env });
    assert.equal(JSON.parse(stdout).error.suggestions[0], 'llama run m.bin --json');
  });
});

/** The first page and the page of run, as a terminal of that width gets them. */
async function helpAt(columns: number): Promise<string> {
  const pages = await Promise.all([[], ['run', '--help']].map((args) => terminalOutput(args, columns)));
  return pages.join('\n');
}
