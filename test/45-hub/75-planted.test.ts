// A cache that cannot be made, and what others have put at its hidden names.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitSha1 } from '../helpers/digests.js';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { download, failureOf, REPO, withHub } from './support.js';

const CONFIG = '{"model_type":"llama"}';
const FILES = { 'config.json': CONFIG };
const VICTIM = 'what the victim wrote\n';
const folderName = `models--${REPO.replace('/', '--')}`;
const etag = gitSha1(Buffer.from(CONFIG));

describe('a cache that cannot be made', () => {
  it('is refused with a code and a remedy, whatever is in the way', () =>
    withHub(fakeRepo(FILES), {}, async ({ cacheDir, options }) => {
      await mkdir(cacheDir, { recursive: true });
      const at = (name: string): string => join(cacheDir, name);
      await writeFile(at('file'), '');
      await symlink(at('absent'), at('dangling'));
      await symlink(at('circle'), at('circle'));
      const parents = [at('file'), at('dangling'), at('circle'), at('n'.repeat(300))];
      if (process.platform === 'linux') parents.push('/proc', '/sys', '/dev/null');
      for (const parent of parents) {
        const { code, suggestions } = await failureOf(() => download({ ...options(), cacheDir: join(parent, 'hub') }));
        assert.match(code, /^CACHE_/, parent);
        assert.match(suggestions.join('\n'), /export HF_HUB_CACHE=/, parent);
      }
    }));
});

(process.platform === 'win32' ? describe.skip : describe)('the hidden names of a cache', () => {
  const plants: Readonly<Record<string, (path: string, victim: string) => Promise<void>>> = {
    'a link': (path, victim) => symlink(victim, path),
    'a link to nothing': (path, victim) => symlink(`${victim}-absent`, path),
    'a named pipe': async (path) => void execFileSync('mkfifo', [path]),
  };

  for (const [plant, put] of Object.entries(plants)) {
    it(`do not lead a download astray where ${plant} has them`, () =>
      withHub(fakeRepo(FILES), {}, async ({ cacheDir, options }) => {
        const root = join(cacheDir, folderName);
        const victim = join(cacheDir, 'victim');
        await mkdir(join(root, 'blobs'), { recursive: true });
        await writeFile(victim, VICTIM);
        await put(join(root, 'blobs', `${etag}.incomplete`), victim);
        const absences = join(root, '.no_exist', [...fakeRepo(FILES).commits.keys()][0]!);
        await mkdir(absences, { recursive: true });
        await put(join(absences, 'generation_config.json'), victim);
        await download(options());
        assert.equal(await readFile(victim, 'utf8'), VICTIM);
        const blob = join(root, 'blobs', etag);
        assert.ok((await lstat(blob)).isFile());
        assert.equal(await readFile(blob, 'utf8'), CONFIG);
        await assert.rejects(lstat(`${victim}-absent`), { code: 'ENOENT' });
      }));

    it(`become free, for a lock, after a while in which ${plant} had them`, () =>
      withHub(fakeRepo(FILES), {}, async ({ cacheDir, options }) => {
        const locks = join(cacheDir, '.locks', folderName);
        const victim = join(cacheDir, 'victim');
        await mkdir(locks, { recursive: true });
        await writeFile(victim, VICTIM);
        await put(join(locks, `${etag}.llama.lock`), victim);
        let now = 0;
        const clock = {
          now: () => now,
          sleep: async (milliseconds: number) => {
            now += milliseconds;
          },
        };
        await download({ ...options(), clock });
        assert.equal(await readFile(victim, 'utf8'), VICTIM);
      }));
  }
});
