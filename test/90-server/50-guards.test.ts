// Who may call: names of the server, origins of pages, keys. And what a body may be. All before anything is computed.

import { strict as assert } from 'node:assert';
import type { Engine, Model } from '@llama-ts/runtime';
import { type ApiServerOptions, endpoints, type LogEntry } from '@llama-ts/server';
import { errorOf, openSample, scriptedEngine, serveOn, type TestServer } from './support.js';

const KEY = 'sk-secret-0123456789';
const ask = { prompt: 'Once', max_tokens: 1 };

describe("the server's guard", () => {
  let model: Model;
  before(async () => {
    model = await openSample();
  });
  after(() => model.close());

  /** A server whose engine must not be asked. */
  async function guarded(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
    const engine: Engine = {
      ...scriptedEngine([]),
      submit: () => assert.fail('the engine was asked'),
    };
    return serveOn(engine, model, options);
  }

  /** Whether a request with these headers passes the guards. */
  async function passes(api: TestServer, headers: Record<string, string>): Promise<boolean> {
    const { status } = await api.get('/health', headers);
    assert.ok(status === 200 || status === 403, `${status}`);
    return status === 200;
  }

  it('accepts addresses, localhost and the given names as Host, and no other name (DNS rebinding)', async () => {
    const api = await guarded({ allowedHosts: ['My-Server.lan'] });
    for (const host of [
      'localhost',
      'localhost:8080',
      '127.0.0.1:1',
      '192.168.1.5',
      '[::1]',
      '[::1]:80',
      'my-server.LAN:80',
    ])
      assert.ok(await passes(api, { host }), host);
    for (const host of [
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '[::1].x',
      '1.2.3',
      'x:y',
    ])
      assert.ok(!(await passes(api, { host })), host);
    const error = await errorOf(await api.post('/v1/completions', ask, { headers: { host: 'evil.example' } }));
    assert.deepEqual([error.status, error.code, error.type], [403, 'host_not_allowed', 'permission_error']);
  });

  it('accepts pages of its own origin and of the given origins, and no others, not even null', async () => {
    const api = await guarded({ allowedOrigins: ['http://localhost:3000'] });
    const host = 'localhost:8080';
    for (const origin of ['http://localhost:8080', 'http://LOCALHOST:8080', 'http://localhost:3000'])
      assert.ok(await passes(api, { host, origin }), origin);
    for (const origin of [
      'http://evil.example',
      'https://localhost:8080',
      'http://localhost:3001',
      'http://localhost',
      'null',
      '',
    ])
      assert.ok(!(await passes(api, { host, origin })), origin);
    const error = await errorOf(
      await api.post('/v1/completions', ask, { headers: { host, origin: 'http://evil.example' } }),
    );
    assert.deepEqual([error.status, error.code], [403, 'origin_not_allowed']);
    assert.ok(await passes(await guarded({ allowedOrigins: ['null'] }), { host, origin: 'null' }));
  });

  it('answers a preflight without a key, and gives CORS headers only to allowed origins', async () => {
    const api = await guarded({ apiKeys: [KEY], allowedOrigins: ['http://localhost:3000'] });
    const preflight = (origin: string): Promise<Response> =>
      api.post('/v1/chat/completions', '', {
        method: 'OPTIONS',
        body: null,
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,x-a',
        },
      });
    const allowed = await preflight('http://localhost:3000');
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get('access-control-allow-origin'), 'http://localhost:3000');
    assert.equal(allowed.headers.get('access-control-allow-headers'), 'authorization,x-a');
    const foreign = await preflight('http://evil.example');
    assert.deepEqual([foreign.status, foreign.headers.get('access-control-allow-origin')], [403, null]);
    const refused = await api.get('/v1/models', { origin: 'http://localhost:3000' });
    assert.deepEqual(
      [refused.status, refused.headers.get('access-control-allow-origin')],
      [401, 'http://localhost:3000'],
    );
    const program = await api.get('/health');
    assert.equal(program.headers.get('access-control-allow-origin'), null);
  });

  it('requires one of its keys on every endpoint but /health', async () => {
    const api = await guarded({ apiKeys: ['other', KEY] });
    for (const { method, path, needsKey, errors } of endpoints) {
      const init = { method, body: method === 'GET' ? null : '{}' };
      for (const authorization of [
        undefined,
        '',
        KEY,
        'Bearer',
        'Bearer ',
        `Bearer ${KEY}x`,
        `Bearer ${KEY.slice(1)}`,
        `Basic ${KEY}`,
      ]) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        const response = await api.post(path, '', { ...init, headers });
        if (!needsKey) assert.equal(response.status, 200);
        else {
          const error = await errorOf(response);
          const code = errors === 'openai' ? 'invalid_api_key' : undefined;
          assert.deepEqual([error.status, error.code, error.type], [401, code, 'authentication_error']);
          assert.ok(!error.message.includes(KEY.slice(3)));
        }
      }
      for (const key of ['other', KEY]) {
        const { status } = await api.post(path, '', { ...init, headers: { authorization: `bearer ${key}` } });
        const { status: other } = await api.post(path, '', { ...init, headers: { 'x-api-key': key } });
        assert.ok(status !== 401 && other !== 401);
      }
      const wrong = await api.post(path, '', { ...init, headers: { 'x-api-key': `${KEY}x` } });
      assert.equal(wrong.status, needsKey ? 401 : 200);
    }
  });

  it('checks Host and Origin on every endpoint, refuses in its words, and answers its preflight without a key', async () => {
    const api = await guarded({ apiKeys: [KEY], allowedOrigins: ['http://localhost:3000'] });
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
    ];
    for (const { method, path, errors } of endpoints) {
      for (const headers of foreign) {
        const response = await api.post(path, '', { method, body: method === 'GET' ? null : '{}', headers });
        const body = (await response.json()) as { type?: string; error: { type: string } };
        assert.deepEqual([response.status, body.error.type], [403, 'permission_error']);
        assert.equal(body.type, errors === 'anthropic' ? 'error' : undefined);
      }
      const headers = { origin: 'http://localhost:3000', 'access-control-request-method': method };
      const preflight = await api.post(path, '', { method: 'OPTIONS', body: null, headers });
      assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-methods')], [204, method]);
    }
  });

  it('answers 404 for an unknown path, and 405 with the allowed method for another method', async () => {
    const api = await guarded();
    for (const path of ['/', '/v1', '/v1/images', '/v1/chat/completions/', '/..%2fhealth']) {
      const error = await errorOf(await api.get(path));
      assert.deepEqual([error.status, error.type], [404, 'not_found_error'], path);
    }
    for (const { method, path } of endpoints) {
      const other = method === 'GET' ? 'POST' : 'GET';
      const response = await api.post(path, '', { method: other, body: other === 'GET' ? null : '{}' });
      assert.equal(response.headers.get('allow'), `${method}, OPTIONS`);
      assert.equal(response.status, 405);
      assert.match((await errorOf(response)).message, /expected (GET|POST)$/);
    }
  });

  it('refuses a body that is too long, nested too deep, not UTF-8, or no JSON object', async () => {
    const api = await guarded({ maxBodyBytes: 1000 });
    const refused = async (body: string | Uint8Array | ReadableStream, status: number, code: string): Promise<void> => {
      const init = body instanceof ReadableStream ? { body, duplex: 'half' } : { body };
      const error = await errorOf(await api.post('/v1/completions', '', init as RequestInit));
      assert.deepEqual([error.status, error.code], [status, code], error.message);
    };
    await refused('x'.repeat(1001), 413, 'body_too_large');
    let nSent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        nSent += 100;
        controller.enqueue(new Uint8Array(100));
      },
    });
    await refused(endless, 413, 'body_too_large');
    assert.ok(nSent < 3000, `${nSent} bytes were read`);
    await refused(`{"a": ${'['.repeat(101)}${']'.repeat(101)}}`, 400, 'json_too_deep');
    for (const text of ['', '{', '[]', 'null', '"a"', '1']) await refused(text, 400, 'invalid_json');
    await refused(new Uint8Array([0x22, 0xff, 0x22]), 400, 'invalid_json');
    await refused('{"__proto__": 1}', 400, 'bad_request');
    await refused('{"constructor": 1}', 400, 'bad_request');
  });

  it('logs each request without its text, its query and its key', async () => {
    const log: LogEntry[] = [];
    const api = await serveOn(scriptedEngine(['a secret', ' story']), model, {
      apiKeys: [KEY],
      log: (entry) => log.push(entry),
    });
    const headers = { authorization: `Bearer ${KEY}` };
    await (await api.post('/v1/completions?q=secret', { prompt: 'a secret', max_tokens: 2 }, { headers })).text();
    await (await api.post('/v1/completions', { prompt: 'a secret', stream: true }, { headers })).text();
    await api.post('/v1/completions', { prompt: 'a secret' }, { headers: { authorization: 'Bearer sk-wrong' } });
    assert.deepEqual(
      log.map(({ status, path }) => `${status} ${path}`),
      ['200 /v1/completions', '200 /v1/completions', '401 /v1/completions'],
    );
    assert.deepEqual(
      log.map(({ answerTokens }) => answerTokens),
      [2, 2, undefined],
    );
    assert.doesNotMatch(JSON.stringify(log), /secret|story|sk-/);
  });

  it('hides the message of an internal error from the client, and logs it under the id that the client gets', async () => {
    const log: LogEntry[] = [];
    const faulty: Engine = {
      ...scriptedEngine([]),
      submit: () => {
        throw new Error('/home/me/model.bin is broken');
      },
    };
    const api = await serveOn(faulty, model, { log: (entry) => log.push(entry) });
    const response = await api.post('/v1/completions', ask);
    const error = await errorOf(response);
    assert.deepEqual([error.status, error.type, error.message.includes('/home')], [500, 'server_error', false]);
    assert.deepEqual(
      [log[0]!.error, log[0]!.id],
      ['/home/me/model.bin is broken', response.headers.get('x-request-id')],
    );
  });

  it('sends content types with nosniff, and forbids caching', async () => {
    const api = await guarded();
    for (const path of ['/health', '/nothing', '/openapi.json']) {
      const { headers } = await api.get(path);
      assert.match(headers.get('content-type')!, /^application\/json/);
      assert.deepEqual([headers.get('x-content-type-options'), headers.get('cache-control')], ['nosniff', 'no-store']);
    }
  });
});
