// Every kind of failure: its exit code, its words, and its document with --json!.

import { strict as assert } from 'node:assert';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

describe('the command line', () => {
  for (const text of ['12abc', '0x10', '1e99', '', '-1', '1025']) {
    it(`refuses the group size ${JSON.stringify(text)} with 2`, async () => {
      const { exitCode, stderr } = await runLlama(['export', `--group-size=${text}`]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /^llama: --group-size ".*": expected a whole number from 1 to 1024 \[USAGE\]\n$/);
    });
  }

  const refused: readonly [string, readonly string[], number, string][] = [
    ['an unknown version', ['export', '--version', '4'], 2, 'USAGE'],
    ['a missing argument', ['inspect'], 2, 'USAGE'],
    ['an argument too many', ['inspect', 'a', 'b'], 2, 'USAGE'],
    ['a group size that does not divide', ['export', '--version', '2', '--group-size', '7'], 2, 'BAD_GROUP_SIZE'],
    ['an output that is a folder', ['export', 'folder', '--hf', 'sample-model'], 2, 'OUTPUT_NOT_A_FILE'],
    ['an output that is there', ['export', 'text.bin'], 2, 'OUTPUT_EXISTS'],
    ['an output in a folder that is not there', ['export', 'no/m.bin'], 2, 'OUTPUT_FOLDER_MISSING'],
    ['an output that is the input', ['quantize', 'm.bin', './m.bin', '--force'], 2, 'OUTPUT_IS_INPUT'],
    ['a file that is no model', ['inspect', 'text.bin'], 3, 'NOT_A_MODEL'],
    ['a file that is not there', ['inspect', 'no.bin'], 3, 'FILE_NOT_FOUND'],
    ['a source that is not there', ['export', 'o.bin', '--hf', './no'], 3, 'SOURCE_NOT_FOUND'],
  ];
  for (const [title, args, expected, code] of refused) {
    it(`refuses ${title} with ${expected}, in words and as JSON`, async () => {
      await withFolder(async (cwd) => {
        await mkdir(join(cwd, 'folder'));
        await writeFile(join(cwd, 'text.bin'), 'no model at all\n'.repeat(40));
        if (args.includes('m.bin')) await runLlama(['export', 'm.bin'], { cwd });
        const before = await readdir(cwd);
        const [words, json] = await Promise.all([args, [...args, '--json']].map((all) => runLlama(all, { cwd })));
        assert.equal(words!.exitCode, expected, words!.stderr);
        assert.match(words!.stderr, new RegExp(`^llama: [^]*\\[${code}\\]\n`));
        assert.doesNotMatch(words!.stderr, /^ {4}at /m);
        assert.equal(json!.exitCode, expected);
        assert.equal(json!.stderr, '');
        assert.equal(JSON.parse(json!.stdout).error.code, code);
        assert.deepEqual(await readdir(cwd), before);
      });
    });
  }

  it('never prints the password of a URL', async () => {
    const { exitCode, stdout, stderr } = await runLlama(['export', '--hf', 'https://user:secret@example.org/m']);
    assert.equal(exitCode, 3);
    assert.doesNotMatch(stdout + stderr, /secret/);
  });

  it('escapes control characters of a file name in what it prints', async () => {
    const { stderr } = await runLlama(['inspect', 'a\x1b[31mb']);
    assert.match(stderr, /a␛\[31mb/);
  });
});
