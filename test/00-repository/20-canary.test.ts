// The search for a leaked token finds one, wherever it leaks, and nothing where nothing does.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';

const script = new URL('../../scripts/test/canary.mjs', import.meta.url).href;
const { setCanary } = (await import(script)) as {
  setCanary: (environment: NodeJS.ProcessEnv) => { env: NodeJS.ProcessEnv; leaks: () => string[] };
};

/** Runs a program in a run with a canary of its own, and says where the canary was found. */
function leaksOf(program: string): readonly string[] {
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const { env, leaks } = setCanary(environment);
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return leaks();
}

const IMPORTS = `import fs from 'node:fs'; import { open, writeFile, rm } from 'node:fs/promises'; import { tmpdir } from 'node:os';
  import { spawn } from 'node:child_process'; const token = process.env.HF_TOKEN; const file = tmpdir() + '/x';\n`;

describe('the search for a leaked token', () => {
  const leaks: readonly [string, string, RegExp][] = [
    ['a file', "fs.writeFileSync(file, 'a' + token);", /^writeFileSync/],
    ['a file that is removed again', 'await writeFile(file, token); await rm(file);', /^writeFile/],
    [
      'a file handle',
      "const h = await open(file, 'w'); await h.write(Buffer.from(token)); await h.close();",
      /FileHandle/,
    ],
    ['a stream', 'fs.createWriteStream(file).end(token);', /^write/],
    ['the name of a file', 'fs.mkdirSync(file + token);', /^mkdirSync/],
    ['standard output', 'console.log(token);', /^standard output/],
    ['standard error', 'console.error({ token });', /^standard error/],
    [
      'an uncaught error of a child',
      "spawn(process.execPath, ['-e', 'throw Error(process.env.HF_TOKEN)']);",
      /output of a process/,
    ],
    ['arguments of a child', "spawn(process.execPath, ['-e', '', token]);", /arguments of a process/],
  ];
  for (const [where, program, pattern] of leaks) {
    it(`finds the token in ${where}`, () => {
      const found = leaksOf(IMPORTS + program);
      assert.ok(
        found.some((leak) => pattern.test(leak)),
        found.join('\n'),
      );
    });
  }

  it('reports nothing when a program only uses the token', () => {
    const program = `await writeFile(file, 'text'); console.log(token.length);
      spawn(process.execPath, ['-e', 'console.log(1)'], { stdio: 'inherit' });`;
    assert.deepEqual(leaksOf(IMPORTS + program), []);
  });
});
