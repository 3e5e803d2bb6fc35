// llama autocomplete: what it says to type works in a shell.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { llamaBin, runLlama, succeed } from '../helpers/run-llama.js';

describe('llama autocomplete', function () {
  this.timeout(60_000);
  let home: string;
  let env: Record<string, string>;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'llama-autocomplete-'));
    await mkdir(join(home, 'bin'));
    await writeFile(join(home, 'bin', 'llama'), `#!/bin/sh\nexec '${process.execPath}' '${llamaBin}' "$@"\n`);
    await chmod(join(home, 'bin', 'llama'), 0o755);
    const path = `${join(home, 'bin')}${delimiter}${process.env.PATH}`;
    env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), PATH: path, SHELL: '/bin/bash' };
  });
  after(() => rm(home, { recursive: true, force: true }));

  it('names a command for bash after which bash completes commands and flags', async function () {
    if (process.platform === 'win32') return this.skip();
    const { stdout } = await succeed(['autocomplete'], { env });
    const [, command] = /^ {2}(printf .*)$/m.exec(stdout)!;
    const bash = (script: string): string =>
      execFileSync('bash', ['--norc', '-c', script], { env: { ...process.env, ...env }, encoding: 'utf8' });
    bash(command!);
    const complete = (line: string): string[] =>
      bash(`
        source ~/.bashrc
        COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}
        IFS=' ' read -ra COMP_WORDS <<< "$COMP_LINE"
        COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
        "$(complete -p llama | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
        printf '%s\\n' "\${COMPREPLY[@]}"`)
        .trim()
        .split(/\s+/);
    assert.deepEqual(complete('llama ins'), ['inspect']);
    assert.deepEqual(complete('llama inspect --ten'), ['--tensors']);
  });

  it('says for every shell what to type, in its own words', async () => {
    for (const shell of ['bash', 'zsh', 'powershell']) {
      const { stdout, stderr } = await succeed(['autocomplete', shell], { env });
      assert.match(stdout, new RegExp(`llama autocomplete script ${shell}\\b`));
      assert.doesNotMatch(stdout, /Setup Instructions|Enjoy/);
      assert.equal(stderr, '');
    }
    const { stdout } = await succeed(['autocomplete', '--refresh-cache'], { env });
    assert.equal(stdout, '');
  });

  it('refuses a shell that it cannot complete in, typed or running, with those that it can', async () => {
    const typed = await runLlama(['autocomplete', 'fish'], { env });
    const running = await runLlama(['autocomplete'], { env: { ...env, SHELL: '/usr/bin/fish' } });
    for (const { exitCode, stderr } of [typed, running]) {
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /^llama: fish: .*expected bash, zsh or powershell \[USAGE\]\n {2}try: llama autocomplete bash\n/,
      );
    }
  });
});
