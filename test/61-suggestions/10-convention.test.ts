// The convention of suggestions: words, and at their end something to type; names in it are quoted for a shell.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { shellQuote } from '@llama-ts/base';
import { placeholdersOf, readFlags, readSuggestion, withFlag, withoutFlag } from './convention.js';
import { extractSites, type Hole, type Pattern, patternText } from './extract.js';

describe('the convention of suggestions', () => {
  it('distinguishes words from commands to type', () => {
    const cases: readonly (readonly [string, string | null, string | null])[] = [
      ['llama doctor', 'shell', 'llama doctor'],
      ['DEBUG=1 llama run', 'shell', 'DEBUG=1 llama run'],
      ['make room: --context 4096', 'flags', '--context 4096'],
      ['convert it: iconv -f LATIN1 -t UTF-8 a.txt', 'shell', 'iconv -f LATIN1 -t UTF-8 a.txt'],
      ['if it is private: export HF_TOKEN=TOKEN', 'environment', 'export HF_TOKEN=TOKEN'],
      ['unset HF_HUB_OFFLINE', 'environment', 'unset HF_HUB_OFFLINE'],
      ['a folder is read where it is: leave out --stream', 'leave-out', 'leave out --stream'],
      ['leave out --rope-theta and --rope-scaling', 'leave-out', 'leave out --rope-theta and --rope-scaling'],
      ['/save talk.session', 'chat', '/save talk.session'],
      ['start another: createEngine(model)', 'call', 'createEngine(model)'],
      ['wait a while, then run the same command again', 'again', 'run the same command again'],
      ['name another file', null, null],
      ['as in: {"a: b": 1}', null, null],
    ];
    for (const [suggestion, kind, text] of cases) {
      const { command } = readSuggestion(suggestion);
      assert.deepEqual([command?.kind ?? null, command?.text ?? null], [kind, text], suggestion);
    }
  });

  it('finds what the user has to fill in', () => {
    assert.deepEqual(placeholdersOf('llama export a.bin --hf REPO_OR_DIR > FILE'), ['REPO_OR_DIR', 'FILE']);
    assert.deepEqual(placeholdersOf("iconv -f LATIN1 -t UTF-8 'A FILE.txt' | HF_TOKEN=x llama run"), []);
  });

  it('adds and removes flags', () => {
    assert.deepEqual(readFlags("--stop 'a b' --plain -n 4"), [
      { name: '--stop', value: "'a b'" },
      { name: '--plain', value: null },
      { name: '-n', value: '4' },
    ]);
    assert.equal(withFlag('llama run m.bin --context 9', '--context', '4096'), 'llama run m.bin --context 4096');
    assert.equal(withoutFlag('llama x --force m.bin --stop "a b" -n 2', '--stop'), 'llama x --force m.bin -n 2');
    assert.equal(withoutFlag('llama x --force m.bin', '--force'), 'llama x m.bin');
  });

  it('quotes any name so that a shell reads it as one word', function () {
    if (process.platform === 'win32') this.skip();
    const names = ['a.bin', 'my model.bin', "it's", '"q" $HOME `ls` \\', '-rf', '~', '*', 'a=b', 'é\n', '#x', '!1', ''];
    for (const name of names) {
      const { stdout } = spawnSync('/bin/sh', ['-c', `printf %s ${shellQuote(name)}`], { encoding: 'utf8' });
      assert.equal(stdout.replace(/^\.\/(?=-)/, ''), name);
    }
    assert.equal(shellQuote('C:\\my models\\a.bin', 'win32'), '"C:\\my models\\a.bin"');
  });

  it('is kept by the sources, which quote whatever a suggestion inserts into a command', function () {
    this.timeout(120_000);
    const sites = extractSites();
    assert(sites.length > 300, `${sites.length} sites`);
    const unquoted = sites.filter(({ pattern }) => hasRawHole(pattern));
    assert.deepEqual(
      unquoted.map(({ file, line, pattern }) => `${file}:${line} ${patternText(pattern)}`),
      [],
    );
  });
});

/** Names that were checked before, or are the toolkit's own: they hold nothing that a shell takes. */
const harmless = new Set([...['original', 'example', 'repo', 'found.repo', 'packageName', 'sampleModelName']]);

/** Whether a command of the pattern holds a text that was not quoted for a shell. */
function hasRawHole(pattern: Pattern): boolean {
  const filled = (part: string | Hole): string => {
    if (typeof part === 'string') return part;
    return part.isSafe || harmless.has(part.expression)
      ? '1'
      : part.expression.startsWith('JSON.stringify(')
        ? '\u0001'
        : '\0';
  };
  const { command } = readSuggestion(pattern.map(filled).join(''));
  if (command === null || command.kind === 'chat') return false;
  return command.text.includes('\0') || (command.kind !== 'call' && command.text.includes('\u0001'));
}
