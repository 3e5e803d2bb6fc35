// Clients of `llama serve` that ask, read, stall and leave at random: every answer that is waited for comes, and is the right one.
//
// LLAMA_TEST_CLIENT_SECONDS sets for how long; scripts/fuzz/nightly.mjs asks for 600, and looks whether memory grew.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { pick, type Random, seededRandom } from '../helpers/random-text.js';
import { type RunningServer, startServer } from './serve-command.js';

const SECONDS = Number(process.env.LLAMA_TEST_CLIENT_SECONDS ?? 4);
const CLIENTS = 32;
const KINDS = 48;
/** After so long a stop of this machine, as when it was suspended, the server's limits on slow requests may have passed. */
const STOPPED_MS = 9000;
/** A run of so many seconds is long enough for memory to reach its final size. */
const LONG_SECONDS = 120;
const MOST_GROWTH = 1.05;

const schema = { type: 'object', properties: { a: { type: 'integer', maximum: 99 } }, required: ['a'] };
const system = {
  role: 'system',
  content: 'You are a cow. You talk to children, slowly, in short words, about grass and the weather.',
};

interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Requests of all kinds; half of the conversations have one system prompt. */
function randomRequest(random: Random, seed: number): Asked {
  const common = {
    seed,
    temperature: pick(random, [0, 1]),
    max_tokens: 1 + Math.floor(random() * 40),
    stream: random() < 0.6,
  };
  if (random() < 0.4) {
    const prompt = pick(random, ['Once upon a time', 'The fox said', 'a fox '.repeat(60)]);
    return { path: '/v1/completions', body: { ...common, prompt, n: pick(random, [1, 2]) } };
  }
  const question = { role: 'user', content: pick(random, ['Hello', 'Tell me a story.', 'What is a cow?']) };
  const form = pick(random, [{}, { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } }]);
  return {
    path: '/v1/chat/completions',
    body: { ...common, messages: pick(random, [[question], [system, question]]), ...form },
  };
}

/** What may differ: ids, times, what was known of a prompt, and how the events of choices mix. */
function comparable(text: string): string {
  return text
    .replaceAll(/"(chatcmpl|cmpl)-[0-9a-f-]+"/g, '"id"')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/"cached_tokens":\d+/g, '"cached_tokens":0')
    .split('\n\n')
    .sort((a, b) => indexIn(a) - indexIn(b))
    .join('\n\n');
}

function indexIn(event: string): number {
  return Number(/"choices":\[\{"index":(\d+)/.exec(event)?.[1] ?? Number.POSITIVE_INFINITY);
}

describe('random clients of llama serve', function () {
  this.timeout(60_000 + 3000 * SECONDS);
  let server: RunningServer;
  before(async () => {
    server = await startServer([
      '--date',
      '2026-01-01',
      '--cache-bytes',
      '8MiB',
      '--parallel',
      '8',
      '--context',
      '1024',
    ]);
  });
  after(async () => {
    server.child.kill('SIGKILL');
    await server.over;
  });

  it(`get each answer that they wait for, whole and as if alone: ${CLIENTS} at once for ${SECONDS} seconds`, async () => {
    const random = seededRandom(32);
    const kinds = Array.from({ length: KINDS }, (_, i) => randomRequest(random, i + 1));
    const expected: string[] = [];
    for (const kind of kinds) expected.push(comparable((await answerTo(server, kind)).text));
    const end = performance.now() + 1000 * SECONDS;
    const counts = { answers: 0, leavers: 0, stalls: 0, tooSlow: 0 };
    const resident: number[] = [];
    let longestStop = 0;
    const watch = async (): Promise<void> => {
      while (performance.now() < end) {
        const start = performance.now();
        await delay(1000);
        longestStop = Math.max(longestStop, performance.now() - start - 1000);
        resident.push(await residentBytes(server));
      }
    };
    const client = async (): Promise<void> => {
      while (performance.now() < end) {
        const i = Math.floor(random() * KINDS);
        const what = random();
        if (what < 0.3) {
          await leaveDuring(server, kinds[i]!, random() * 60);
          counts.leavers++;
          continue;
        }
        const stall = what < 0.4 ? 20 : 0;
        if (stall > 0) counts.stalls++;
        const { status, text } = await answerTo(server, kinds[i]!, stall);
        if (status === 408) counts.tooSlow++;
        else {
          assert.equal(comparable(text), expected[i], JSON.stringify(kinds[i]));
          counts.answers++;
        }
      }
    };
    await Promise.all([watch(), ...Array.from({ length: CLIENTS }, client)]);
    const half = Math.floor(resident.length / 2);
    const [first, second] = [resident.slice(0, half), resident.slice(half)].map((sizes) => Math.max(...sizes));
    if (process.env.LLAMA_TEST_CLIENT_SECONDS !== undefined) {
      const said = {
        ...counts,
        longestStopSeconds: Math.round(longestStop / 1000),
        residentMB: [first!, second!].map((bytes) => Math.round(bytes / 1e6)),
      };
      process.stdout.write(`      ${CLIENTS} clients, ${SECONDS} s: ${JSON.stringify(said)}\n`);
    }
    assert.ok(counts.answers > 0 && counts.leavers > 0);
    assert.ok(counts.tooSlow === 0 || longestStop > STOPPED_MS, JSON.stringify({ ...counts, longestStop }));
    if (SECONDS >= LONG_SECONDS) assert.ok(second! <= MOST_GROWTH * first!, `${first} bytes became ${second}`);
    // Nothing is left of those who left.
    const alone = comparable((await answerTo(server, kinds[0]!)).text);
    assert.equal(alone, expected[0]);
  });
});

/** The whole body; a stalling reader waits before it reads each part. */
async function answerTo(
  { address }: RunningServer,
  { path, body }: Asked,
  stall = 0,
): Promise<{ readonly status: number; readonly text: string }> {
  const request = http.request(`${address}${path}`, { method: 'POST', agent: false });
  const response = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject);
  });
  request.end(JSON.stringify(body));
  const found = await response;
  let text = '';
  for await (const chunk of found.setEncoding('utf8')) {
    text += chunk as string;
    if (stall > 0) await delay(stall);
  }
  return { status: found.statusCode!, text };
}

async function leaveDuring({ address }: RunningServer, { path, body }: Asked, milliseconds: number): Promise<void> {
  const request = http.request(`${address}${path}`, { method: 'POST', agent: false });
  request.on('error', () => undefined);
  request.on('response', (response) => response.on('error', () => undefined).resume());
  request.end(JSON.stringify({ ...body, max_tokens: 400, response_format: undefined }));
  await delay(milliseconds);
  request.destroy();
}

/** 0 where the system has no /proc. */
async function residentBytes({ child }: RunningServer): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'latin1').catch(() => '');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
