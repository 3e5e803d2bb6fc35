// Where the token goes, and where nothing of it is ever seen.

import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { openRemoteFile } from '@llama-ts/exporter';
import { fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../helpers/fake-hub/faults.js';
import { download, failureOf, REPO, treeOf, withHub } from './support.js';

const TOKEN = 'hf_canaryCANARY0123456789';
const FILES = { 'config.json': '{}', 'model.safetensors': noise(200_000) };

describe('the hub token', () => {
  it('is sent to the hub’s own origin and not to the target of a redirect elsewhere', () =>
    withHub(fakeRepo(FILES, 'private'), { token: TOKEN }, async ({ hub, options }) => {
      await download(options({ token: TOKEN }));
      const atHub = hub.requests.filter(({ origin }) => origin === hub.url);
      const elsewhere = hub.requests.filter(({ origin }) => origin === hub.cdnUrl);
      assert.ok(atHub.length > 0 && atHub.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
      assert.ok(elsewhere.length > 0 && elsewhere.every(({ authorization }) => authorization === undefined));
    }));

  it('is not sent when a redirect elsewhere leads back to the hub', () =>
    withHub(fakeRepo(FILES), { token: TOKEN }, async ({ hub, options }) => {
      const bounce = createServer((_, response) => response.writeHead(302, { location: `${hub.url}/leak` }).end());
      await new Promise<void>((resolve) => bounce.listen(0, '127.0.0.1', resolve));
      const location = `http://127.0.0.1:${(bounce.address() as AddressInfo).port}/`;
      try {
        await failureOf(() => download(options({ token: TOKEN, fetch: redirectingFetch(location) })));
        const leak = hub.requests.find(({ url }) => url === '/leak');
        assert.ok(leak !== undefined && leak.authorization === undefined);
      } finally {
        await new Promise((resolve) => bounce.close(resolve));
      }
    }));

  it('is not sent to the next page of a listing elsewhere', () =>
    withHub(fakeRepo(FILES), { token: TOKEN }, async ({ hub, options }) => {
      const reroute: typeof fetch = async (input, init) => {
        const response = await fetch(input, init);
        if (!String(input).includes('/tree/')) return response;
        return new Response(response.body, { headers: { link: `<${hub.cdnUrl}/api/more>; rel="next"` } });
      };
      const error = await failureOf(() => download(options({ token: TOKEN, fetch: reroute })));
      assert.equal(error.code, 'HUB_BAD_RESPONSE');
      assert.ok(hub.requests.every(({ origin }) => origin === hub.url));
    }));

  it('appears in no event, error or file, whatever fails, even if the hub repeats it', async () => {
    const echo = { 'x-error-message': `no ${TOKEN} here`, 'content-range': TOKEN, location: `ftp://x/${TOKEN}` };
    const faults: readonly (Fault | undefined)[] = [
      undefined,
      { kind: 'cut', atByte: 100_000 },
      { kind: 'flip', atByte: 5 },
      { kind: 'page', hasLength: true },
      { kind: 'answer', body: `"${TOKEN}"` },
      ...[206, 302, 400, 401, 403, 404, 416, 429, 500].map(
        (status): Fault => ({ kind: 'status', status, headers: echo }),
      ),
      ...['GatedRepo', 'RepoNotFound', 'RevisionNotFound', 'EntryNotFound'].map(
        (code): Fault => ({ kind: 'status', status: 403, headers: { ...echo, 'x-error-code': code } }),
      ),
    ];
    for (const fault of faults) {
      for (const kind of ['model', 'tree', 'resolve', 'file']) {
        // In place of a file, the answer would be the file's content, whatever it says.
        if (fault?.kind === 'answer' && kind !== 'model' && kind !== 'tree') continue;
        const options = {
          token: TOKEN,
          fault: (request: { kind: string }) => (request.kind === kind ? fault : undefined),
        };
        await withHub(fakeRepo(FILES), options, async (bench) => {
          const seen: unknown[] = [];
          try {
            await download(bench.options({ token: TOKEN }), (event) => seen.push(event));
          } catch (error) {
            seen.push(error, (error as Error).stack);
          }
          const text = inspect([seen, await treeOf(bench.cacheDir)], {
            depth: 12,
            showHidden: true,
            maxStringLength: null,
          });
          assert.doesNotMatch(text, /canary/i, `${fault?.kind} at ${kind}`);
          assert.doesNotMatch(text, /secret-signature/, `${fault?.kind} at ${kind}`);
        });
      }
    }
  }).timeout(60_000);

  it('does not appear in the errors of ranged reads either', () =>
    withHub(fakeRepo(FILES), { token: TOKEN }, async ({ hub, options }) => {
      const { cacheDir: _, ...remote } = options({ token: TOKEN });
      const file = await openRemoteFile({ ...remote, path: 'model.safetensors' });
      await hub.stop();
      const error = await failureOf(() => file.slice(0, 10).arrayBuffer());
      assert.doesNotMatch(inspect(error, { depth: 12, showHidden: true }), /canary/i);
    }));
});

describe('a redirect by the hub', () => {
  const targets: readonly [string, string][] = [
    ['plain http', 'http://cdn.example/file'],
    ['another protocol', 'file:///etc/passwd'],
    ['an address with a password', 'https://me:secret@cdn.example/file'],
  ];
  for (const [name, location] of targets) {
    it(`to ${name} is refused and not followed`, () =>
      withHub(fakeRepo(FILES), {}, async ({ options }) => {
        const asked: string[] = [];
        const redirect = redirectingFetch(location, asked);
        const error = await failureOf(() => download(options({ fetch: redirect })));
        assert.equal(error.code, 'HUB_BAD_REDIRECT');
        assert.doesNotMatch(error.message, /secret/);
        assert.ok(asked.every((url) => !url.startsWith(location.slice(0, 12))));
      }));
  }

  it('from a public hub to this machine is refused', async () => {
    const fetchOnce: typeof fetch = async () =>
      new Response(null, { status: 302, headers: { location: 'http://127.0.0.1/' } });
    const options = { repo: REPO, cacheDir: 'nowhere', endpoint: 'https://hub.example', fetch: fetchOnce };
    assert.equal((await failureOf(() => download(options))).code, 'HUB_BAD_REDIRECT');
  });

  it('that repeats in a circle is refused', () =>
    withHub(fakeRepo(FILES), {}, async ({ hub, options }) => {
      const error = await failureOf(() =>
        download(options({ fetch: redirectingFetch(`${hub.url}/meta-llama/Tiny/resolve/x`) })),
      );
      assert.equal(error.code, 'HUB_BAD_RESPONSE');
      assert.match(error.message, /over 10 redirects/);
    }));
});

/** A fetch that is redirected wherever it asks for a file. */
function redirectingFetch(location: string, asked: string[] = []): typeof fetch {
  return async (input, init) => {
    asked.push(String(input));
    if (!String(input).includes('/resolve/')) return fetch(input, init);
    return new Response(null, { status: 302, headers: { location } });
  };
}
