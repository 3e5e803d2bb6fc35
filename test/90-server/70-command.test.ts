// `llama serve`: the address, keys, limits of the socket, and its end.

import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { checkAgainst } from '../helpers/json-schemas.js';
import { runLlama } from '../helpers/run-llama.js';
import { type RunningServer, rawRequest, startServer } from './serve-command.js';

const KEY = 'sk-secret-0123456789';
const story = {
  prompt: 'Once upon a time',
  max_tokens: 1900,
  temperature: 1,
  logit_bias: {} as Record<string, number>,
};

describe('llama serve', function () {
  this.timeout(60_000);
  let folder: string;
  const running: RunningServer[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llama-serve-'));
  });
  afterEach(async () => {
    for (const { child, over } of running.splice(0)) {
      child.kill('SIGKILL');
      await over;
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function start(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RunningServer> {
    const server = await startServer(args, env);
    running.push(server);
    return server;
  }

  function post({ address }: RunningServer, body: object, signal?: AbortSignal): Promise<Response> {
    return fetch(`${address}/v1/completions`, { method: 'POST', body: JSON.stringify(body), signal: signal ?? null });
  }

  /** A stream that goes on for long: the end token is biased away. */
  async function begun(server: RunningServer, body: object = {}): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const response = await post(server, { ...story, ...body, stream: true });
    assert.equal(response.status, 200);
    const reader = response.body!.getReader();
    await reader.read();
    return reader;
  }

  async function restOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += Buffer.from(value).toString();
    }
  }

  for (const [size, isKept] of [
    ['8MiB', true],
    ['0', false],
  ] as const) {
    it(`${isKept ? 'computes a beginning once' : 'keeps no beginning'} with --cache-bytes ${size}`, async () => {
      const server = await start(['--cache-bytes', size]);
      const computed = async (): Promise<number> => {
        const { usage } = (await (
          await post(server, { prompt: 'Once upon a time', max_tokens: 4, seed: 1 })
        ).json()) as {
          usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
        };
        return usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens;
      };
      const nTokens = await computed();
      assert.ok(nTokens > 2);
      assert.equal(await computed(), isKept ? 1 : nTokens);
    });
  }

  it("prints its address in one line of JSON, answers OpenAI's client there, and logs in lines of JSON", async () => {
    const server = await start(['--alias', 'mine', '--date', '2024-07-26']);
    checkAgainst('serve', JSON.parse(server.stdout()));
    const client = new OpenAI({ baseURL: `${server.address}/v1`, apiKey: 'none', maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const whole = await client.chat.completions.create({ model: 'mine', messages, seed: 2, max_tokens: 8 });
    const stream = await client.chat.completions.create({
      model: 'mine',
      messages,
      seed: 2,
      max_tokens: 8,
      stream: true,
    });
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
    assert.equal(text, whole.choices[0]!.message.content);
    await assert.rejects(client.chat.completions.create({ model: 'other', messages }), OpenAI.NotFoundError);
    while (server.log().length < 3) await delay(10);
    assert.deepEqual(
      server.log().map(({ status }) => status),
      [200, 200, 404],
    );
    assert.equal(server.stdout().trim().split('\n').length, 1);
  });

  it('stops the answer of a client whose connection ends, in a stream, without streaming, and in the queue', async () => {
    // Kernels so slow that no answer ends by itself.
    const server = await start(['--parallel', '1'], { LLAMA_KERNELS: 'reference' });
    const controller = new AbortController();
    const rest = { ...story, logit_bias: { 1074: -10_000, 1081: -10_000, 1082: -10_000 } };
    const reader = await begun(server, rest);
    const whole = post(server, rest, controller.signal).catch(() => null);
    const second = post(server, { ...rest, stream: true }, controller.signal).catch(() => null);
    await delay(1000);
    controller.abort();
    await Promise.all([whole, second]);
    await reader.cancel();
    while (server.log().length < 3) await delay(10);
    for (const { error, answerTokens } of server.log()) {
      assert.equal(error, 'the client has left');
      assert.ok((answerTokens ?? 0) < 1900);
    }
    assert.equal((await post(server, { prompt: 'Once', max_tokens: 2 })).status, 200);
  });

  it('accepts the keys of its file and of the environment, and prints them nowhere', async () => {
    const file = join(folder, 'keys.txt');
    await writeFile(file, `other\n${KEY}\n`);
    for (const server of [await start(['--api-key-file', file]), await start([], { LLAMA_API_KEY: KEY })]) {
      const client = (apiKey: string) => new OpenAI({ baseURL: `${server.address}/v1`, apiKey, maxRetries: 0 });
      assert.equal((await client(KEY).models.list()).data.length, 1);
      await assert.rejects(client('wrong').models.list(), OpenAI.AuthenticationError);
      while (server.log().length < 2) await delay(10);
      assert.ok(!`${server.stdout()}${server.stderr()}`.includes(KEY));
    }
    const bad = join(folder, 'bad.txt');
    for (const [text, message] of [
      ['\n\n', /no key/],
      [`a ${KEY}\n`, /line 1: a key with spaces/],
    ] as const) {
      await writeFile(bad, text);
      const { exitCode, stderr } = await runLlama(['serve', '--api-key-file', bad]);
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
      assert.ok(!stderr.includes(KEY));
    }
    assert.equal((await runLlama(['serve', '--api-key-file', join(folder, 'none')])).exitCode, 3);
  });

  it('refuses to listen beyond this machine without a key, a port in use, and an invalid date', async () => {
    const open = await runLlama(['serve', '--host', '0.0.0.0']);
    assert.deepEqual([open.exitCode, /--api-key-file/.test(open.stderr)], [2, true]);
    const { address } = await start(['--host', '0.0.0.0', '--no-key']);
    assert.match(address, /^http:\/\/0\.0\.0\.0:\d+$/);
    const taken = await runLlama(['serve', '--port', address.split(':').at(-1)!]);
    assert.deepEqual([taken.exitCode, /CANNOT_LISTEN/.test(taken.stderr)], [2, true]);
    for (const day of ['2024-02-30', '26 Jul 2024', ''])
      assert.equal((await runLlama(['serve', '--date', day])).exitCode, 2);
  });

  it('refuses a foreign Host, a foreign origin and a body of 9 MB through its socket too', async function () {
    if (process.platform === 'win32') this.skip();
    const socketPath = join(folder, 'llama.sock');
    await start(['--socket', socketPath, '--allow-host', 'models.lan']);
    const health = (headers: Record<string, string>) => rawRequest({ socketPath, path: '/health', headers });
    assert.equal((await health({ host: 'models.lan' })).status, 200);
    assert.equal((await health({ host: 'localhost' })).status, 200);
    assert.equal((await health({ host: 'evil.example' })).status, 403);
    assert.equal((await health({ host: 'localhost', origin: 'null' })).status, 403);
    const headers = { host: 'localhost', 'content-length': 9 * 1024 * 1024 };
    const large = await rawRequest({ socketPath, path: '/tokenize', method: 'POST', headers });
    assert.equal(large.status, 413);
  });

  it('closes a connection whose headers do not end, and goes on', async () => {
    const server = await start();
    const socket = net.connect(Number(server.address.split(':').at(-1)), '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => socket.write('X-Slow: 1\r\n'), 500);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    await once(socket, 'close');
    clearInterval(drip);
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.equal((await fetch(`${server.address}/health`)).status, 200);
  });

  it('completes running answers at SIGTERM, takes no new requests, and exits with 0', async () => {
    const server = await start();
    const reader = await begun(server, { max_tokens: 200, temperature: 0 });
    server.child.kill('SIGTERM');
    await assert.doesNotReject(async () => assert.match(await restOf(reader), /data: \[DONE\]\n\n$/));
    assert.equal(await server.over, 0);
    await assert.rejects(fetch(`${server.address}/health`));
  });

  it('cuts answers off with an error when the time for shutting down is over', async () => {
    const server = await start(['--drain-seconds', '0']);
    const reader = await begun(server, { logit_bias: { 1074: -10_000, 1081: -10_000, 1082: -10_000 } });
    server.child.kill('SIGINT');
    assert.match(await restOf(reader), /data: \{"error":\{"message":"the server is going down"[^\n]*\n\n$/);
    assert.equal(await server.over, 0);
  });

  it('ends at once at a second signal', async () => {
    const server = await start(['--drain-seconds', '3600']);
    const reader = await begun(server, { logit_bias: { 1074: -10_000, 1081: -10_000, 1082: -10_000 } });
    server.child.kill('SIGTERM');
    while (
      await fetch(`${server.address}/health`).then(
        () => true,
        () => false,
      )
    )
      await delay(10);
    server.child.kill('SIGTERM');
    assert.ok([143, 'SIGTERM'].includes((await server.over) as never));
    await reader.cancel().catch(() => undefined);
  });
});
