// A hub for commands that are to download something.

import { type FakeHubOptions, type FakeRequest, startFakeHub } from '../../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../../helpers/fake-hub/faults.js';
import type { Situation } from '../situation.js';

type Files = Readonly<Record<string, Uint8Array | string>>;

/** A hub with the sample model under some names. */
export async function withHub(s: Situation, ...names: readonly string[]): Promise<void> {
  const repo = fakeRepo(await sampleFiles(s));
  await startHub(s, { repos: Object.fromEntries(names.map((name) => [name, repo])) });
}

/** A hub with repositories of these files. */
export async function withHubOf(s: Situation, repos: Readonly<Record<string, Files>>): Promise<void> {
  await startHub(s, {
    repos: Object.fromEntries(Object.entries(repos).map(([name, files]) => [name, fakeRepo(files)])),
  });
}

/** A hub where the tag `v1` of a repository is the sample model, and its `main` something made of it. */
export async function withDamagedMain(s: Situation, name: string, damage: (good: Files) => Files): Promise<void> {
  const good = await sampleFiles(s);
  const [repo, damaged] = [fakeRepo(good), fakeRepo(damage(good))];
  for (const [id, commit] of damaged.commits) repo.commits.set(id, commit);
  repo.revisions.set('main', damaged.revisions.get('main')!);
  await startHub(s, { repos: { [name]: repo } });
}

/** A hub that answers one kind of request with a text of its own. */
export async function withAnswer(s: Situation, name: string, kind: FakeRequest['kind'], body: string): Promise<void> {
  const fault = (request: FakeRequest): Fault | undefined =>
    request.kind === kind ? { kind: 'answer', body } : undefined;
  await startHub(s, { repos: { [name]: fakeRepo(await sampleFiles(s)) }, fault });
}

async function sampleFiles(s: Situation): Promise<Files> {
  await s.take('checkpoint');
  return filesIn(s.path('checkpoint'));
}

async function startHub(s: Situation, options: FakeHubOptions): Promise<void> {
  const hub = await startFakeHub(options);
  s.defer(() => hub.stop());
  s.env.HF_ENDPOINT = hub.url;
}
