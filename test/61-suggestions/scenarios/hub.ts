// Downloads from hubs that refuse, fail or lie, and caches that cannot be used.

import * as nodeFiles from 'node:fs/promises';
import { type DownloadSnapshotOptions, downloadSnapshot, hubSettingsFromEnv, readHubToken } from '@llama-ts/exporter';
import { failure } from '../../helpers/failing-files.js';
import { type FakeRequest, startFakeHub } from '../../helpers/fake-hub/fake-hub.js';
import { type FakeRepo, fakeRepo } from '../../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../../helpers/fake-hub/faults.js';
import type { Flags, Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const REPO = 'meta-llama/Tiny';
const RIGHT = 'hf_right';
const fill = { TOKEN: RIGHT, FOLDER: 'another', REVISION: 'v1', 'CA.pem': 'ca.pem' };
const repoFiles = { 'config.json': '{}', 'model.safetensors': new Uint8Array(1000) };

interface HubTrouble {
  /** The failure, until the file `mended` exists. */
  readonly fault?: (request: FakeRequest) => Fault | undefined;
  readonly access?: FakeRepo['access'];
  readonly repo?: string;
  readonly token?: string;
}

/** Starts a hub that is in trouble until it is mended. */
async function startHub(s: Situation, { fault, access, repo = REPO, token = RIGHT }: HubTrouble): Promise<void> {
  const hub = await startFakeHub({
    repos: { [repo]: fakeRepo(repoFiles, access) },
    token,
    otherTokens: ['hf_weak'],
    fault: (request) => (mended.has(s) ? undefined : fault?.(request)),
  });
  s.defer(() => {
    mended.delete(s);
    return hub.stop();
  });
  s.env.HF_ENDPOINT = hub.url;
  s.env.HF_HUB_CACHE = s.path('cache');
}

const mended = new Set<Situation>();
const mend = (s: Situation): unknown => mended.add(s);

/** As `llama export --hf` downloads: settings of the environment, and flags. */
async function download(s: Situation, flags: Flags, more: Partial<DownloadSnapshotOptions> = {}): Promise<void> {
  const settings = hubSettingsFromEnv(s.env, s.folder);
  const token = await readHubToken(settings);
  const events = downloadSnapshot({
    repo: REPO,
    endpoint: settings.endpoint,
    cacheDir: settings.cacheDir === 'another' ? s.path('another') : settings.cacheDir,
    offline: settings.offline,
    clock: { now: Date.now, sleep: () => new Promise((resolve) => setTimeout(resolve, 1)) },
    ...(token === undefined ? {} : { token }),
    ...more,
    ...(flags.has('revision') ? { revision: flags.get('revision')! } : {}),
  });
  while ((await events.next()).done !== true);
}

const status =
  (code: number, headers: Record<string, string> = {}, unless: (request: FakeRequest) => boolean = () => false) =>
  (request: FakeRequest): Fault | undefined =>
    unless(request) ? undefined : { kind: 'status', status: code, headers };
/** Whether the right token came along; the origin of large files gets none. */
const isRight = ({ authorization, kind }: FakeRequest): boolean =>
  authorization === `Bearer ${RIGHT}` || kind === 'file';
const gated = (request: FakeRequest): Fault | undefined =>
  request.kind === 'resolve' && !isRight(request)
    ? { kind: 'status', status: 403, headers: { 'x-error-code': 'GatedRepo' } }
    : undefined;

function scenario(title: string, code: string, rest: Omit<Scenario, 'title' | 'code' | 'fill'>): Scenario {
  return { title: `the hub: ${title}`, code, fill, call: (s, flags) => download(s, flags), ...rest };
}

/** Another place, for a cache whose disk is in trouble: calls of the file system fail in the first one alone. */
function failingCache(errno: string) {
  return (s: Situation, flags: Flags): Promise<void> => {
    const mkdirFailing = (path: string, options: object): Promise<unknown> =>
      String(path).startsWith(s.path('cache')) && !mended.has(s)
        ? Promise.reject(failure(errno, 'mkdir'))
        : nodeFiles.mkdir(path, options);
    return download(s, flags, { files: { ...nodeFiles, mkdir: mkdirFailing } as never });
  };
}

export const hubScenarios: readonly Scenario[] = [
  scenario('a gated repository', 'HUB_GATED', {
    prepare: (s) => startHub(s, { fault: gated }),
    acts: [[/^ask for access/, mend]],
  }),
  scenario('a gated repository, with a token that may not read it', 'HUB_GATED', {
    async prepare(s) {
      await startHub(s, { fault: gated });
      s.env.HF_TOKEN = 'hf_weak';
    },
    acts: [[/^ask for access/, mend]],
  }),
  scenario('no such revision', 'HUB_REVISION_NOT_FOUND', {
    prepare: (s) => startHub(s, {}),
    call: (s, flags) => download(s, flags, { revision: 'v9' }),
  }),
  scenario('no token where one is needed', 'HUB_UNAUTHORIZED', {
    prepare: (s) => startHub(s, { fault: status(401, { 'x-error-code': 'Unauthorized' }, isRight) }),
  }),
  scenario('a token that the hub does not know', 'HUB_UNAUTHORIZED', {
    async prepare(s) {
      await startHub(s, {});
      s.env.HF_TOKEN = 'hf_other';
    },
  }),
  scenario('a private repository', 'HUB_REPO_NOT_FOUND', {
    prepare: (s) => startHub(s, { access: 'private' }),
    call: (s, flags) => download(s, flags, renamed.has(s) ? { repo: 'meta-llama/Other' } : {}),
    acts: [
      [
        /^correct its name/,
        async (s) => {
          await s.clear();
          await startHub(s, { repo: 'meta-llama/Other' });
          renamed.add(s);
          s.defer(() => renamed.delete(s));
        },
      ],
    ],
  }),
  scenario('too many requests', 'HUB_RATE_LIMITED', {
    prepare: (s) => startHub(s, { fault: status(429, {}, isRight) }),
    acts: [[/^wait a few minutes/, mend]],
  }),
  scenario('out of service', 'HUB_UNAVAILABLE', {
    prepare: (s) => startHub(s, { fault: status(503) }),
    acts: [[/^wait until it is in service/, mend]],
  }),
  scenario('access denied', 'HUB_FORBIDDEN', {
    prepare: (s) => startHub(s, { fault: status(403, {}, isRight) }),
  }),
  scenario('a login page in place of the hub', 'HUB_BAD_RESPONSE', {
    prepare: (s) => startHub(s, { fault: () => ({ kind: 'answer', body: '<html>Sign in</html>' }) }),
    acts: [
      [/^where a proxy/, mend],
      // The usual hub, which no test may reach: the fake one takes its place.
      [/^take the usual hub/, mend],
    ],
    call: (s, flags) => {
      if (s.env.HF_ENDPOINT === 'https://huggingface.co') s.env.HF_ENDPOINT = s.env.FAKE_HUB;
      else s.env.FAKE_HUB = s.env.HF_ENDPOINT;
      return download(s, flags);
    },
  }),
  scenario('one wrong byte', 'HUB_CORRUPT', {
    prepare: (s) => startHub(s, { fault: ({ kind }) => (kind === 'file' ? { kind: 'flip', atByte: 1 } : undefined) }),
    acts: [[/^nothing wrong was kept/, mend]],
  }),
  scenario('a redirect to a place that holds no files', 'HUB_BAD_REDIRECT', {
    prepare: (s) =>
      startHub(s, {
        fault: ({ kind }) =>
          kind === 'resolve'
            ? {
                kind: 'forge',
                forge: (right) => ({ ...right, headers: { ...right.headers, location: 'ftp://example.com/file' } }),
              }
            : undefined,
      }),
    acts: [[/^where a proxy/, mend]],
  }),
  scenario('no connection', 'HUB_NETWORK', {
    async prepare(s) {
      await startHub(s, {});
      s.env.FAKE_HUB = s.env.HF_ENDPOINT;
      s.env.HF_ENDPOINT = 'http://127.0.0.1:9';
    },
    acts: [
      [
        /^check the connection/,
        (s) => {
          s.env.HF_ENDPOINT = s.env.FAKE_HUB;
        },
      ],
    ],
  }),
  scenario('offline, with a cache that lacks the files', 'HUB_OFFLINE', {
    async prepare(s) {
      await startHub(s, {});
      await download(s, new Map(), { cacheDir: s.path('another') });
      s.env.HF_HUB_OFFLINE = '1';
    },
  }),
  scenario('a token with a space', 'BAD_TOKEN', {
    async prepare(s) {
      await startHub(s, {});
      s.env.HF_TOKEN = 'hf_a b';
    },
  }),
  scenario('an endpoint that is no address', 'BAD_ENDPOINT', {
    async prepare(s) {
      await startHub(s, {});
      s.env.FAKE_HUB = s.env.HF_ENDPOINT;
      s.env.HF_ENDPOINT = 'the hub';
    },
    call: (s, flags) => {
      if (s.env.HF_ENDPOINT !== 'the hub') s.env.HF_ENDPOINT = s.env.FAKE_HUB;
      return download(s, flags);
    },
  }),
  scenario('a malformed revision', 'BAD_REVISION', {
    prepare: (s) => startHub(s, {}),
    call: (s, flags) => download(s, flags, { revision: '../x' }),
  }),
  scenario('a cache without space', 'DISK_FULL', {
    prepare: (s) => startHub(s, {}),
    call: failingCache('ENOSPC'),
    acts: [[/^free some space/, mend]],
  }),
  scenario('a cache of another user', 'CACHE_READ_ONLY', {
    prepare: (s) => startHub(s, {}),
    call: failingCache('EACCES'),
  }),
  scenario('a cache on a disk with errors', 'CACHE_FAILED', {
    prepare: (s) => startHub(s, {}),
    call: failingCache('EIO'),
  }),
  scenario('a disk with too little space for all files', 'DISK_FULL', {
    prepare: (s) => startHub(s, {}),
    call: (s, flags) => {
      const statfs = async (path: string) =>
        String(path).startsWith(s.path('cache')) && !mended.has(s)
          ? { bavail: 0, bsize: 4096 }
          : nodeFiles.statfs(path);
      return download(s, flags, { files: { ...nodeFiles, statfs } as never });
    },
    acts: [[/^free some space/, mend]],
  }),
  scenario('a token that would be sent unencrypted', 'BAD_ENDPOINT', {
    async prepare(s) {
      await startHub(s, {});
      s.env.FAKE_HUB = s.env.HF_ENDPOINT;
      s.env.HF_ENDPOINT = 'http://hub.example';
      s.env.HF_TOKEN = RIGHT;
    },
    call: (s, flags) => {
      // No test may reach either address: the fake hub takes the place of whichever is taken.
      const isTaken = s.env.HF_ENDPOINT !== 'http://hub.example' || s.env.HF_TOKEN === undefined;
      if (isTaken) s.env.HF_ENDPOINT = s.env.FAKE_HUB;
      return download(s, flags);
    },
  }),
  scenario('a file that a revision lacks', 'HUB_FILE_NOT_FOUND', {
    prepare: (s) =>
      startHub(s, {
        fault: ({ kind }) =>
          kind === 'resolve'
            ? { kind: 'status', status: 404, headers: { 'x-error-code': 'EntryNotFound' } }
            : undefined,
      }),
    acts: [[/^choose a repository or a revision that has it/, mend]],
  }),
  scenario('a malformed repository id', 'BAD_REPO_ID', {
    prepare: (s) => startHub(s, {}),
    call: (s, flags) => download(s, flags, mended.has(s) ? {} : { repo: 'a/b/c' }),
    acts: [[/^use the id alone/, mend]],
  }),
  scenario('a lock of the cache that is there and cannot be found', 'CACHE_FAILED', {
    async prepare(s) {
      await startHub(s, {});
      const { etag } = fakeRepo(repoFiles).commits.values().next().value!.get('model.safetensors')!;
      await s.write(`cache/.locks/models--meta-llama--Tiny/${etag}.llama.lock`, '');
    },
    call: (s, flags) => {
      const lstat = (path: string) =>
        String(path).endsWith('.llama.lock') ? Promise.reject(failure('ENOENT', 'lstat')) : nodeFiles.lstat(path);
      return download(s, flags, { files: { ...nodeFiles, lstat } as never });
    },
  }),
  scenario('a lock of the cache with other content', 'CACHE_FAILED', {
    async prepare(s) {
      await startHub(s, {});
      const { bytes: _, etag } = fakeRepo(repoFiles).commits.values().next().value!.get('model.safetensors')!;
      await nodeFiles.mkdir(s.path(`cache/.locks/models--meta-llama--Tiny/${etag}.llama.lock`), { recursive: true });
    },
  }),
  {
    title: 'a token file that cannot be read',
    code: 'BAD_TOKEN',
    needs: 'modes',
    fill,
    async prepare(s) {
      await startHub(s, {});
      delete s.env.HF_HUB_CACHE;
      await s.write('../hf/token', RIGHT);
      await s.run('chmod 000 ../hf/token');
    },
    command: `llama export out.bin --hf ${REPO}`,
    acts: [[/./, () => ({ command: 'true' })]],
  },
];

const renamed = new Set<Situation>();
