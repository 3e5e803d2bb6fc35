// package-lock.json: what npm ci needs to check each download, and nothing of the machine that wrote it.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';

interface Entry {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
}

const lock = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
const { packages } = JSON.parse(lock) as { packages: Record<string, Entry> };

describe('package-lock.json', () => {
  it('has the integrity of every package that is downloaded', () => {
    const downloaded = Object.entries(packages).filter(([name, { link }]) => name.includes('node_modules/') && !link);
    assert.ok(downloaded.length > 100);
    const bare = downloaded.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([name]) => name);
    assert.deepEqual(bare, [], 'npm run update-lock');
  });

  it('names no address of a registry', () => {
    const named = Object.entries(packages).filter(([, { resolved }]) => resolved?.startsWith('http'));
    assert.deepEqual(
      named.map(([name]) => name),
      [],
      'npm run update-lock',
    );
  });
});
