// The sampling flags of run, on the sample model.

import { strict as assert } from 'node:assert';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

const prompt = 'Once upon a time';

interface Spoken {
  readonly text: string;
  readonly ids: number[];
  readonly endReason: string;
  readonly stop: string | number | null;
  readonly seed: string;
  readonly logprobs?: { logProbability: number; top: { id: number; logProbability: number }[] }[];
}

async function report(args: readonly string[]): Promise<Spoken & { answers: Spoken[] }> {
  const { exitCode, stdout, stderr } = await runLlama(['run', '-i', prompt, '--max-tokens', '12', '--json', ...args]);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout);
}

describe('the sampling flags of llama run', () => {
  it('end an answer before a stop string and at a stop id, and report which', async () => {
    const whole = await report(['-t', '0']);
    const word = whole.text.slice(6, 10);
    const stopped = await report(['-t', '0', '--stop', 'no such text', '--stop', word]);
    assert.equal(stopped.text, whole.text.slice(0, whole.text.indexOf(word)));
    assert.deepEqual([stopped.endReason, stopped.stop], ['stop', word]);
    const atId = await report(['-t', '0', '--stop-id', String(whole.ids[4])]);
    assert.deepEqual(atId.ids, whole.ids.slice(0, whole.ids.indexOf(whole.ids[4]!)));
  });

  it('ban a token by its bias, and narrow the choice to one token', async () => {
    const whole = await report(['-t', '0']);
    const banned = await report(['-t', '0', '--logit-bias', `${whole.ids[3]}-inf`]);
    assert(!banned.ids.includes(whole.ids[3]!));
    for (const one of [
      ['--top-k', '1'],
      ['--min-p', '1'],
    ]) {
      assert.deepEqual((await report(['-t', '2', '-p', '1', '-s', '3', ...one])).ids, whole.ids);
    }
  });

  it('give several answers, of which the first is that of a lone run', async () => {
    const { answers } = await report(['-s', '5', '-t', '1.5', '--answers', '3']);
    const lone = await report(['-s', '5', '-t', '1.5']);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 3);
    assert.deepEqual(answers[0]!.ids, lone.ids);
    const second = await report(['-s', answers[1]!.seed, '-t', '1.5']);
    assert.deepEqual(second.ids, answers[1]!.ids);
  });

  it('report log-probabilities with --json only', async () => {
    const { ids, logprobs } = await report(['-t', '0', '--logprobs', '2']);
    assert.deepEqual(
      logprobs!.map(({ top }) => top[0]!.id),
      ids,
    );
    const plain = await runLlama(['run', '-i', prompt, '--logprobs', '2']);
    assert.equal(plain.exitCode, 2);
    assert.match(plain.stderr, /--json/);
  });

  for (const args of [
    ['--top-k', '-1'],
    ['--min-p', '2'],
    ['--repeat-penalty', '0'],
    ['--logit-bias', '5'],
    ['--logit-bias', '5+inf'],
    ['--stop', ''],
    ['--stop-id', '99999999'],
    ['--answers', '0'],
  ]) {
    it(`are refused with exit status 2 for ${args.map((arg) => JSON.stringify(arg)).join(' ')}`, async () => {
      await withFolder(async (XDG_CACHE_HOME) => {
        const { exitCode, stderr } = await runLlama(['run', '-i', prompt, ...args], { env: { XDG_CACHE_HOME } });
        assert.equal(exitCode, 2, stderr);
      });
    });
  }
});
