// Help, and what a mistyped command gets.

import { strict as assert } from 'node:assert';
import { runLlama } from '../helpers/run-llama.js';

describe('llama help', () => {
  it('shows commands and examples when no argument is given', async () => {
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
      ...['GLOBAL FLAGS', 'DESCRIPTION', 'EXAMPLES'],
    ]);
    for (const command of ['run', 'chat']) {
      const { stdout } = await runLlama([command, '--help']);
      assert.match(stdout, new RegExp(`USAGE\\n {2}\\$ llama ${command} \\[MODEL\\]( \\[PROMPT\\])? \\[FLAGS\\]\\n`));
      assert.match(stdout, /SAMPLING FLAGS\n(?: {2}.*\n)* +--top-k=N /);
      assert(!stdout.includes('<value>'), stdout);
    }
  });

  it('names the nearest command for a mistyped one and exits with 2', async () => {
    const { exitCode, stdout, stderr } = await runLlama(['exprot']);
    assert.equal(exitCode, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /exprot.*\n {2}try: llama export\n/);
  });

  it('names the nearest flag for a mistyped one and exits with 2', async () => {
    const { exitCode, stderr } = await runLlama(['export', '--grup-size', '64']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /unknown flag --grup-size.*\n {2}try: --group-size\n/);
  });

  it('says of a flag that is an argument here that it is one', async () => {
    const { exitCode, stderr } = await runLlama(['run', '--model', 'model.bin']);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /unknown flag --model: it is an argument.*\n {2}try: leave --model out, and keep what follows it\n/,
    );
  });

  for (const [args, message, remedy] of [
    [
      'run -i x --regex a --json-mode',
      '--regex and --json-mode, expected one of them',
      'leave --regex or --json-mode out',
    ],
    ['run -i x --stop b --regex a', '--stop and --regex, expected one of them', 'leave --stop or --regex out'],
    ['run -i x --logprobs 3', '--logprobs without --json, expected them together', 'add --json'],
    ['run --input a', '--input without --output, expected them together', 'add --output'],
    ['run --top-k', '--top-k without a value, expected one', '--top-k VALUE'],
    ['chat --cache-type f8', '--cache-type "f8": expected f32 or f16', '--cache-type f'],
    ['run a b c', 'c: more than the command takes, expected no further argument', 'put a text of several words'],
  ] as const) {
    it(`says of \`${args}\` what was found, what was expected and what to do`, async () => {
      const { exitCode, stderr } = await runLlama(args.split(' '));
      assert.equal(exitCode, 2);
      assert(stderr.startsWith(`llama: ${message} [USAGE]\n  try: ${remedy}`), stderr);
    });
  }
});
