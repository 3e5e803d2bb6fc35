// Has clients of a server leave at random moments, and prints in which state they left, how many passes still computed their rows, and
// what memory there was before and after.

import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createEngine, type Engine, type Model, openModel, type SequenceTokens } from '@llama-ts/runtime';
import { createApiServer } from '@llama-ts/server';
import { listen } from '../../packages/cli/src/serve/listen.js';
import { pick, seededRandom } from '../helpers/random-text.js';

type State = 'queued' | 'prompt' | 'answering';

interface Memory {
  readonly rss: number;
  readonly arrayBuffers: number;
  readonly heapUsed: number;
  /** Handles by their kinds; timers are left out. */
  readonly resources: Readonly<Record<string, number>>;
}

export interface LeavingReport {
  /** Clients by what their request was doing when they left. */
  readonly left: Readonly<Record<State, number>>;
  /** Clients by how many passes that began after they had left computed rows of theirs. */
  readonly wasted: Readonly<Record<number, number>>;
  readonly before: Memory;
  readonly after: Memory;
  /** Requests that the engine still has. */
  readonly nHeld: number;
}

/** Milliseconds of a pass at least: one of a 1B model takes 26. */
const PASS_MS = 3;
const AT_ONCE = 32;
const SEQUENCES = 8;
/** Tokens of the vocabulary: each client has a first one of its own. */
const FIRST = 2;
const WARM_UP_CLIENTS = 300;
/** Until every buffer has its final size and all code is compiled. */
const WARM_UPS = 3;

interface Client {
  state: State;
  hasLeft: boolean;
  nWasted: number;
}

const [path, count] = process.argv.slice(2);
const opened = await openModel(path!, { context: 512, threads: 1 });
/** Clients by the first tokens of their prompts. */
const clients = new Map<number, Client>();
const ownerOf = new WeakMap<object, Client>();

/** The model, which takes its time for a pass, and says whose rows it computes. */
const model: Model = {
  ...opened,
  settings: { ...opened.settings, eosIds: [] },
  async forward(batch, options) {
    for (const part of batch) notePart(part);
    await delay(PASS_MS);
    return opened.forward(batch, options);
  },
};
const engine = createEngine(model, {
  maxSequences: SEQUENCES,
  maxWaiting: AT_ONCE,
  prefillChunk: 32,
  cacheBytes: 2_000_000,
});
const api = await createApiServer(engine as Engine, { model, modelName: 'sample' });
const listener = await listen(api, { host: '127.0.0.1', port: 0 });
const random = seededRandom(7);
const left = { queued: 0, prompt: 0, answering: 0 };
const wasted: Record<number, number> = {};

function notePart({ cache, position, tokens, logits }: SequenceTokens): void {
  const begun = position === 0 ? clients.get(tokens[0]!) : undefined;
  if (begun !== undefined) ownerOf.set(cache, begun);
  const client = ownerOf.get(cache);
  if (client === undefined) return;
  client.state = logits === 'none' ? 'prompt' : 'answering';
  if (client.hasLeft) client.nWasted++;
}

/** Sends a request and leaves, after some milliseconds or some data, by closing the connection. */
async function leave(i: number): Promise<void> {
  const client: Client = { state: 'queued', hasLeft: false, nWasted: 0 };
  clients.set(FIRST + i, client);
  const prompt = Array.from({ length: 30 + Math.floor(random() * 200) }, (_, j) => FIRST + ((i + j) % 1000));
  prompt[0] = FIRST + i;
  const body = JSON.stringify({ prompt, max_tokens: 200, temperature: 1, seed: i + 1, stream: random() < 0.7 });
  const request = http.request(`${listener.address}/v1/completions`, { method: 'POST', agent: false });
  request.on('error', () => undefined);
  request.end(body);
  const nChunks = pick(random, [0, 0, 1, 3, 10]);
  let nRead = 0;
  const read = new Promise<void>((resolve) => {
    request.on('response', (response) => {
      response.on('error', () => undefined);
      response.on('data', () => {
        if (++nRead >= nChunks) resolve();
      });
    });
  });
  await (nChunks > 0 ? Promise.race([read, delay(1000)]) : delay(1 + random() * 150));
  left[client.state]++;
  client.hasLeft = true;
  const closed = new Promise((resolve) => request.on('close', resolve));
  request.destroy();
  await closed;
}

/** Whatever `AT_ONCE` clients after another do, until as many as asked for have left, and are forgotten. */
async function leaveAll(from: number, to: number): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < to) await leave(next++);
    }),
  );
  while (engine.nRunning + engine.nWaiting > 0) await delay(1);
  // Sockets close, and the last pass ends.
  await delay(100);
}

function memory(): Memory {
  for (let i = 0; i < 3; i++) globalThis.gc!();
  const { rss, arrayBuffers, heapUsed } = process.memoryUsage();
  const resources: Record<string, number> = {};
  const held = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout');
  for (const name of held) resources[name] = (resources[name] ?? 0) + 1;
  return { rss, arrayBuffers, heapUsed, resources };
}

for (let i = 0; i < WARM_UPS; i++) await leaveAll(0, WARM_UP_CLIENTS);
clients.clear();
Object.assign(left, { queued: 0, prompt: 0, answering: 0 });
const before = memory();
await leaveAll(WARM_UP_CLIENTS, WARM_UP_CLIENTS + Number(count));
for (const { nWasted } of clients.values()) wasted[nWasted] = (wasted[nWasted] ?? 0) + 1;
clients.clear();
const after = memory();
const report: LeavingReport = { left, wasted, before, after, nHeld: engine.nRunning + engine.nWaiting };
console.log(JSON.stringify(report));
listener.endConnections();
await listener.close();
await engine.close();
await opened.close();
