import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { goldenJson, modelFile } from './support.js';

function runExample(name: string, ...args: string[]) {
  const example = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', example, ...args], { encoding: 'utf8' });
}

describe('examples/stream.ts', () => {
  it('streams the golden continuation', async () => {
    const [golden] = goldenJson<{ prompt: string; text: string; new_ids: number[] }[]>('sample', 'greedy.json');
    const { status, stdout, stderr } = runExample('stream.ts', await modelFile('sample', 1), golden!.prompt);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, `${golden!.text}\n[eos, ${golden!.new_ids.length - 1} tokens]\n`);
  }).timeout(120_000);

  it('stops when its signal is aborted', async () => {
    const { status, stdout, stderr } = runExample('stream.ts', await modelFile('sample', 1), 'Once upon a time', '0');
    assert.equal(status, 0, stderr);
    assert.equal(stdout, '\n[stopped]\n');
  }).timeout(120_000);
});

describe('examples/batch.ts', () => {
  it('gives each prompt its golden continuation', async () => {
    const golden = goldenJson<{ prompt: string; text: string; new_ids: number[] }[]>('sample', 'greedy.json');
    const prompts = golden.map(({ prompt }) => prompt);
    const { status, stdout, stderr } = runExample('batch.ts', await modelFile('sample', 1), ...prompts);
    assert.equal(status, 0, stderr);
    const expected = golden.map(
      ({ prompt, text, new_ids }) => `${prompt}${text}\n[eos, ${new_ids.length - 1} tokens]\n\n`,
    );
    assert.equal(stdout, expected.join(''));
  }).timeout(120_000);
});

describe('examples/chat.ts', () => {
  it('chats, and calls a tool by its definition, with the bundled model', () => {
    const { status, stdout, stderr } = runExample('chat.ts');
    assert.equal(status, 0, stderr);
    const [, hello, , name, , call, result, answer] = stdout.split('\n');
    assert.equal(hello, 'Nice to meet you, Ada!');
    assert.equal(name, 'Your name is Ada.');
    const { parameters } = JSON.parse(call!) as { parameters: { city: string } };
    assert.equal(result, `[temperature gives ${JSON.stringify({ ...parameters, celsius: 21 })}]`);
    assert.match(answer!, /\w/);
  }).timeout(120_000);
});

describe('the examples', () => {
  it('all have a test', () => {
    const names = fs.readdirSync(new URL('../../examples/', import.meta.url)).filter((name) => name.endsWith('.ts'));
    assert.deepEqual(names.sort(), ['batch.ts', 'chat.ts', 'openai-client.ts', 'stream.ts']);
  });
});
