// A hub for commands that are to download something.

import { readdir, readFile } from 'node:fs/promises';
import { startFakeHub } from '../../helpers/fake-hub/fake-hub.js';
import { fakeRepo } from '../../helpers/fake-hub/fake-repo.js';
import type { Situation } from '../situation.js';

/** A hub with the sample model under a name. */
export async function withHub(s: Situation, name: string): Promise<void> {
  await s.take('checkpoint');
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(s.path('checkpoint'), { withFileTypes: true })) {
    if (entry.isFile()) files[entry.name] = await readFile(s.path(`checkpoint/${entry.name}`));
  }
  const hub = await startFakeHub({ repos: { [name]: fakeRepo(files) } });
  s.defer(() => hub.stop());
  s.env.HF_ENDPOINT = hub.url;
}
