// llama tokenize and llama detokenize, with tokenizers from everywhere.

import { strict as assert } from 'node:assert';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { runLlama } from '../helpers/run-llama.js';

const TEXT = 'Once upon a time, there was a 🦊 <|eot_id|>.\n\n Ünïcode';

describe('llama tokenize and llama detokenize', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-tokenize-'));
    await writeFile(join(folder, 'empty.gguf'), '');
    for (const args of [
      ['m.bin'],
      ['v0.bin', '--version', '0', '--plain', '--tokenizer-bin', 'tokenizer.bin'],
      ['m.gguf', '--type', 'q8_0'],
    ]) {
      assert.equal((await llama(['export', ...args])).exitCode, 0);
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const llama = (args: readonly string[], stdin = '') =>
    runLlama(args, { cwd: folder, stdin, env: { XDG_CACHE_HOME: folder } });

  it('give the same tokens for a model file, a GGUF file, a folder, tokenizer.json and tokenizer.bin, and decode them to the text', async () => {
    const sources = [
      ['m.bin'],
      ['m.gguf'],
      [sampleModelPath],
      [join(sampleModelPath, 'tokenizer.json')],
      ['-z', 'tokenizer.bin'],
      [],
    ];
    const [first] = await Promise.all(
      sources.slice(0, 1).map((source) => llama(['tokenize', ...source, '--ids'], TEXT)),
    );
    assert.match(first!.stdout, /^1073\n(\d+\n)+$/);
    for (const source of sources) {
      const tokens = await llama(['tokenize', ...source, '--ids', '-i', TEXT]);
      assert.equal(tokens.stdout, first!.stdout, `${source}: ${tokens.stderr}`);
      const back = await llama(['detokenize', ...source, '--skip-special'], tokens.stdout);
      assert.equal(back.stdout, `${TEXT}\n`, back.stderr);
    }
    const ids = first!.stdout.trim().split('\n');
    assert.equal((await llama(['detokenize', 'm.bin', ...ids])).stdout, `<|begin_of_text|>${TEXT}\n`);
    assert.equal((await llama(['detokenize'], JSON.stringify(ids.map(Number)))).stdout, `<|begin_of_text|>${TEXT}\n`);
  });

  it('read names of special tokens as text unless asked for, and add the begin-of-text token once', async () => {
    const count = async (args: readonly string[]) =>
      JSON.parse((await llama(['tokenize', 'm.bin', '--json', ...args])).stdout).ids as number[];
    assert.ok((await count(['<|eot_id|>'])).length > 3);
    assert.deepEqual(await count(['<|eot_id|>', '--special']), [1073, 1082]);
    assert.deepEqual(await count(['<|eot_id|>', '--special', '--no-bos']), [1082]);
    assert.deepEqual(await count(['<|begin_of_text|><|eot_id|>', '--special']), [1073, 1082]);
  });

  it('read what tokenizer_config.json alone says of a folder, as its export does', async () => {
    await cp(sampleModelPath, join(folder, 'model'), { recursive: true });
    const path = join(folder, 'model', 'tokenizer_config.json');
    const config = JSON.parse(await readFile(path, 'utf8'));
    const ids = async (...args: string[]): Promise<number[]> =>
      JSON.parse((await llama(['tokenize', ...args, '--json'])).stdout).ids;
    const text = ['there was a word <|eot_id|>', '--special'];
    // A token of the vocabulary becomes an added one, with which nothing is merged, and text around which is divided.
    const [id, ...rest] = await ids('m.bin', 're', '--no-bos');
    assert.equal(rest.length, 0);
    const added = { [id!]: { content: 're', special: true, lstrip: true, rstrip: true } };
    const cases = [
      { ...config, added_tokens_decoder: { ...config.added_tokens_decoder, ...added } },
      { ...config, add_bos_token: false },
      { ...config, bos_token: '<|eot_id|>', add_bos_token: true },
    ];
    const seen: string[] = [];
    for (const changed of cases) {
      await writeFile(path, JSON.stringify(changed));
      assert.equal((await llama(['export', 'model', 'changed.bin', '--force'])).exitCode, 0);
      const expected = await ids('changed.bin', ...text);
      assert.deepEqual(await ids('model', ...text), expected);
      seen.push(String(expected));
    }
    assert.equal(new Set(seen).size, cases.length);
  });

  it('take any weight file of Meta’s for its folder', async () => {
    const meta = join(folder, 'meta');
    await mkdir(meta);
    const bytes = Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString('base64')} ${byte}\n`);
    await writeFile(join(meta, 'tokenizer.model'), bytes.join(''));
    await writeFile(join(meta, 'consolidated.00.pth'), 'x');
    const tokens = await llama(['tokenize', join('meta', 'consolidated.00.pth'), 'Hi', '--ids', '--no-bos']);
    assert.equal(tokens.stdout, '72\n105\n', tokens.stderr);
    assert.equal((await llama(['tokenize', 'meta', 'Hi', '--ids'])).stdout, '256\n72\n105\n');
  });

  it('show a table, with the bytes of incomplete characters', async () => {
    const { stdout } = await llama(['tokenize', 'm.bin', 'a 🦊', '--show-count']);
    assert.match(stdout, /^1073 {2}"<\|begin_of_text\|>"\n {2}\d\d {2}"a"\n[\s\S]* {2}0xf0\n[\s\S]*\n\d+ tokens\n$/);
  });

  for (const [args, code, remedy] of [
    [['tokenize', 'v0.bin', 'x'], 'NO_TOKENIZER', /try: .*--tokenizer TOKENIZER\.bin/],
    [['tokenize', 'empty.gguf', 'x'], 'NOT_GGUF', /try: download the file again/],
    [['tokenize', 'nowhere', 'x'], 'FILE_NOT_FOUND', /try: make it from the bundled sample model: llama export/],
    [['detokenize', 'm.bin', 'x'], 'USAGE', /try: llama tokenize m.bin x --ids/],
    [['detokenize', 'm.bin', '0x10'], 'USAGE', /try: llama tokenize m.bin 0x10 --ids/],
    [['detokenize', 'm.bin', '99999'], 'BAD_TOKEN_ID', /expected 0 to 1328/],
  ] as const) {
    it(`refuse \`${args.join(' ')}\` with ${code}`, async () => {
      const { stderr } = await llama(args);
      assert.match(stderr, new RegExp(`\\[${code}\\]`));
      assert.match(stderr, remedy);
    });
  }
});
