// Runs downloads against a fake hub with a clock that does not wait, and looks at what they left.

import { strict as assert } from 'node:assert';
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolkitError } from '@llama-ts/base';
import {
  type DownloadSnapshotOptions,
  downloadSnapshot,
  type HubClock,
  type HubEvent,
  type HubSnapshot,
} from '@llama-ts/exporter';
import { canaryToken } from '../helpers/canary.js';
import { gitSha1, sha256 } from '../helpers/digests.js';
import { failureOf as anyFailureOf } from '../helpers/failure.js';
import { type FakeHub, type FakeHubOptions, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import type { FakeRepo } from '../helpers/fake-hub/fake-repo.js';

export const REPO = 'meta-llama/Tiny';

/** A fresh cache and hub for one test. */
export interface Bench {
  readonly hub: FakeHub;
  readonly cacheDir: string;
  /** Folder of the repository in the cache. */
  readonly folder: string;
  /** Waits that the clock was asked for, in milliseconds. */
  readonly sleeps: number[];
  /** Content of model.safetensors when a download is through. */
  snapshotBytes(running: ReturnType<typeof download>): Promise<Uint8Array>;
  /** Options of a download with everything injected. */
  options(more?: Partial<DownloadSnapshotOptions>): DownloadSnapshotOptions;
}

/** Starts a hub with `repo` as {@link REPO}, and cleans up after `use`. */
export async function withHub<T>(
  repo: FakeRepo,
  options: Omit<FakeHubOptions, 'repos'>,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const hub = await startFakeHub({ ...options, repos: { [REPO]: repo } });
  const cacheDir = await mkdtemp(join(tmpdir(), 'hub-test-'));
  const sleeps: number[] = [];
  const clock: HubClock = {
    now: Date.now,
    async sleep(milliseconds, signal) {
      sleeps.push(milliseconds);
      await new Promise((resolve) => setTimeout(resolve, 1));
      signal?.throwIfAborted();
    },
  };
  try {
    return await use({
      hub,
      cacheDir,
      folder: join(cacheDir, `models--${REPO.replace('/', '--')}`),
      sleeps,
      async snapshotBytes(running) {
        const { snapshot } = await running;
        return new Uint8Array(await readFile(join(snapshot.path, 'model.safetensors')));
      },
      options: (more = {}) => ({
        repo: REPO,
        endpoint: hub.url,
        cacheDir,
        clock,
        random: () => 0.5,
        ...(canaryToken === '' ? {} : { token: canaryToken }),
        ...more,
      }),
    });
  } finally {
    await hub.stop();
    await rm(cacheDir, { recursive: true, force: true });
  }
}

/** Runs a download to its end. */
export async function download(
  options: DownloadSnapshotOptions,
  onEvent: (event: HubEvent) => void = () => undefined,
): Promise<{ snapshot: HubSnapshot; events: HubEvent[] }> {
  const events: HubEvent[] = [];
  const steps = downloadSnapshot(options);
  for (;;) {
    const step = await steps.next();
    if (step.done) return { snapshot: step.value, events };
    events.push(step.value);
    onEvent(step.value);
  }
}

/** The error that `action` throws, which must suggest something. */
export async function failureOf(action: () => unknown): Promise<ToolkitError> {
  const error = await anyFailureOf(action);
  assert.ok(error.suggestions.length > 0, `${error.code} without a suggestion`);
  return error;
}

/** Every file below a folder: `path` of folders is left out, links read `→ target`, files their text. */
export async function treeOf(folder: string, prefix = ''): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const name of (await readdir(join(folder, prefix)).catch(() => [])).sort()) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const stats = await lstat(join(folder, path));
    if (stats.isDirectory()) Object.assign(tree, await treeOf(folder, path));
    else if (stats.isSymbolicLink()) tree[path] = `→ ${await readlink(join(folder, path))}`;
    else tree[path] = await readFile(join(folder, path), 'utf8');
  }
  return tree;
}

/** Fails unless bytes are equal; faster than deepEqual, and short when it fails. */
export function assertSame(found: Uint8Array, expected: Uint8Array): void {
  assert.ok(
    Buffer.compare(found, expected) === 0,
    `${found.byteLength} bytes that are not the ${expected.byteLength} expected`,
  );
}

/** Fails unless every blob has the digest that it is named by. */
export async function assertBlobsTrue(folder: string): Promise<void> {
  for (const name of await readdir(join(folder, 'blobs')).catch(() => [])) {
    if (name.includes('.')) continue;
    const bytes = await readFile(join(folder, 'blobs', name));
    assert.equal(
      name.length === 64 ? sha256(bytes) : gitSha1(bytes),
      name,
      'a blob with another content than its name',
    );
  }
}

/** Fails unless the cache holds finished files only. */
export async function assertNothingHalf(cacheDir: string): Promise<void> {
  const leftovers = Object.keys(await treeOf(cacheDir)).filter((path) => /incomplete|\.lock|\.break|\.tmp/.test(path));
  assert.deepEqual(leftovers, []);
}
