// How long a download keeps trying: seconds before anything has come, minutes for a transfer under way, never in silence.

import { strict as assert } from 'node:assert';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type HubEvent, planDownload } from '@llama-ts/exporter';
import { fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../helpers/fake-hub/faults.js';
import { download, failureOf, withHub } from './support.js';

const PATH = 'model.safetensors';
const MIB = 1024 * 1024;
const WEIGHTS = noise(2 * MIB);
const repo = () => fakeRepo({ [PATH]: WEIGHTS });
const busy = (status: number, headers?: Record<string, string>) => ({
  fault: (): Fault => ({ kind: 'status', status, ...(headers === undefined ? {} : { headers }) }),
});
const seconds = (sleeps: readonly number[]) => sleeps.reduce((sum, ms) => sum + ms, 0) / 1000;

/** A port that accepts connections and says nothing, or resets them. */
async function withPort(resets: boolean, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (resets) socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

describe('the first request to the hub', () => {
  const retries = (events: readonly HubEvent[]) =>
    events.flatMap((event) => (event.type === 'request-retry' ? [event] : []));

  it('is given up after four attempts within four seconds when no server answers, and each attempt is reported with its wait', () =>
    withHub(repo(), {}, async ({ hub, sleeps, options }) => {
      await hub.stop();
      const events: HubEvent[] = [];
      const error = await failureOf(() => download(options(), (event) => events.push(event)));
      assert.equal(error.code, 'HUB_NETWORK');
      assert.ok(error.message.startsWith(`${options().repo}: http://127.0.0.1:`), error.message);
      assert.ok(seconds(sleeps) < 4, `waits of ${sleeps}`);
      assert.deepEqual(
        retries(events).map(({ attempt, maxAttempts, delayMs }) => [attempt, maxAttempts, delayMs]),
        [1, 2, 3].map((attempt, i) => [attempt, 4, sleeps[i]]),
      );
    }));

  it('that fails is replaced by the complete copy in the cache, with a warning', () =>
    withHub(
      fakeRepo({ 'config.json': '{}', 'tokenizer.json': '{}', [PATH]: WEIGHTS }),
      {},
      async ({ hub, options }) => {
        const { snapshot: before } = await download(options());
        await hub.stop();
        const { snapshot: after, events } = await download(options());
        assert.deepEqual([after.path, after.commit], [before.path, before.commit]);
        const said = events.find(({ type }) => type === 'hub-unreachable');
        assert.ok(said?.type === 'hub-unreachable' && said.commit === before.commit && said.code === 'HUB_NETWORK');
        await rm(join(before.path, 'config.json'));
        assert.equal((await failureOf(() => download(options()))).code, 'HUB_NETWORK', 'a copy with a hole is none');
      },
    ));

  it('is given up after as many attempts when a proxy answers 502, or when connections are reset', async () => {
    await withHub(repo(), busy(502), async ({ sleeps, options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_UNAVAILABLE');
      assert.equal(sleeps.length, 3);
    });
    await withHub(repo(), {}, ({ sleeps, options }) =>
      withPort(true, async (endpoint) => {
        assert.equal((await failureOf(() => download(options({ endpoint })))).code, 'HUB_NETWORK');
        assert.equal(sleeps.length, 3);
      }),
    );
  });

  it('is not repeated after ten seconds without an answer, however long a stall may last', () =>
    withHub(repo(), {}, ({ sleeps, options }) =>
      withPort(false, async (endpoint) => {
        const { clock } = options();
        let now = 0;
        const slow = { ...clock!, now: () => (now += 9_990) };
        const error = await failureOf(() => download(options({ endpoint, clock: slow, stallTimeoutMs: 600_000 })));
        assert.equal(error.code, 'HUB_NETWORK');
        assert.match(error.message, /127\.0\.0\.1:\d+: the hub sent nothing for/);
        assert.deepEqual(sleeps, []);
      }),
    ));

  it('ends at once when the endpoint is no address that fetch accepts', () =>
    withHub(repo(), {}, async ({ sleeps, options }) => {
      const error = await failureOf(() => download(options({ endpoint: 'http://127.0.0.1:1' })));
      assert.equal(error.code, 'HUB_NETWORK');
      assert.deepEqual(sleeps, []);
    }));

  it('waits a minute when the hub asks for it, and reports a hub that asks for longer', async () => {
    const once = (wait: string) => ({
      fault: (_: unknown, nBefore: number): Fault | undefined =>
        nBefore === 0 ? { kind: 'status', status: 429, headers: { 'retry-after': wait } } : undefined,
    });
    await withHub(fakeRepo({ 'config.json': '{}' }), once('60'), async ({ sleeps, options }) => {
      await download(options());
      assert.equal(sleeps[0], 60_000);
    });
    await withHub(repo(), once('61'), async ({ sleeps, options }) => {
      const error = await failureOf(() => download(options()));
      assert.equal(error.code, 'HUB_RATE_LIMITED');
      assert.match(error.message, /asks to wait 61 s/);
      assert.deepEqual(sleeps, []);
    });
  });

  it('of a plan reports its retries too', () =>
    withHub(repo(), busy(503), async ({ options }) => {
      const attempts: number[] = [];
      await failureOf(() => planDownload({ ...options(), onRetry: ({ attempt }) => attempts.push(attempt) }));
      assert.deepEqual(attempts, [1, 2, 3]);
    }));

  it('ends with the signal’s reason during a wait', () =>
    withHub(repo(), busy(503), async ({ options }) => {
      const controller = new AbortController();
      const clock = {
        now: Date.now,
        sleep: (_: number, signal: AbortSignal | undefined) =>
          new Promise<void>((_resolve, reject) => {
            signal!.addEventListener('abort', () => reject(signal!.reason as Error));
            controller.abort(new Error('enough'));
          }),
      };
      await assert.rejects(download(options({ clock, signal: controller.signal })), /enough/);
    }));
});

describe('a transfer from the hub', () => {
  const brokenFrom = (nRight: number) => ({
    fault: ({ kind }: { kind: string }, nBefore: number): Fault | undefined => {
      if (kind !== 'file') return undefined;
      return nBefore < nRight ? { kind: 'cut', atByte: MIB } : { kind: 'status', status: 503 };
    },
  });

  it('that never brought a byte is given up as early as a first request', () =>
    withHub(repo(), brokenFrom(0), async ({ sleeps, options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_UNAVAILABLE');
      assert.equal(sleeps.length, 3);
    }));

  it('that brought bytes is attempted ten times', () =>
    withHub(repo(), brokenFrom(1), async ({ sleeps, options }) => {
      const events: HubEvent[] = [];
      assert.equal((await failureOf(() => download(options(), (event) => events.push(event)))).code, 'HUB_UNAVAILABLE');
      assert.equal(sleeps.length, 9);
      const last = events.findLast(({ type }) => type === 'file-retry');
      assert.ok(last?.type === 'file-retry' && last.attempt === 9 && last.maxAttempts === 10);
    }));
});
