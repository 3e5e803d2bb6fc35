// The files of the page as the server sends them: their headers, who may have them, and a server without them.

import { strict as assert } from 'node:assert';
import { readPage } from '@llama-ts/web';
import { type RunningServer, rawRequest, startServer } from '../90-server/serve-command.js';
import { withServer } from './support.js';

describe('the files of the page', function () {
  this.timeout(60_000);
  let server: RunningServer;
  before(async () => {
    server = await startServer([], { LLAMA_API_KEY: 'sk-page-0123456789' });
  });
  after(async () => {
    server.child.kill('SIGKILL');
    await server.over;
  });

  it('are sent without a key, each as what it is, and may ask nothing of anyone but the server', async () => {
    const files = await readPage();
    // The others are parts of these, whose names have a digest.
    const names = [...files.keys()].filter((path) => !/-[0-9A-Z]{8}\.js$/.test(path));
    assert.deepEqual(names.sort(), [
      '/',
      '/app.css',
      '/app.js',
      '/app.webmanifest',
      '/download-worker.js',
      '/icon.svg',
      '/service-worker.js',
      '/tab/model-worker.js',
      '/tab/platform/browser-worker.js',
      '/wasm/kernels-relaxed-pairs.wasm',
      '/wasm/kernels-relaxed.wasm',
      '/wasm/kernels.wasm',
    ]);
    for (const [path, { type, body }] of files) {
      const response = await fetch(`${server.address}${path}`);
      assert.equal(response.status, 200, path);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), body, path);
      const header = (name: string): string => response.headers.get(name) ?? '';
      assert.equal(header('content-type'), type);
      const policy = new Map(header('content-security-policy').split('; ').map(split));
      assert.equal(policy.get('default-src'), "'none'");
      assert.equal(policy.get('script-src'), "'self' 'wasm-unsafe-eval'");
      for (const name of ['style-src', 'connect-src', 'worker-src']) assert.equal(policy.get(name), "'self'", name);
      for (const name of ['base-uri', 'form-action', 'frame-ancestors']) assert.equal(policy.get(name), "'none'", name);
      assert.doesNotMatch(header('content-security-policy'), /unsafe-inline|'unsafe-eval'|\*|https?:/);
      assert.equal(header('cross-origin-opener-policy'), 'same-origin');
      assert.equal(header('cross-origin-embedder-policy'), 'require-corp');
      assert.equal(header('x-content-type-options'), 'nosniff');
      assert.equal(header('referrer-policy'), 'no-referrer');
      assert.equal(response.headers.get('set-cookie'), null);
    }
    assert.equal((await fetch(`${server.address}/v1/models`)).status, 401);
  });

  it('are not sent again to a browser that has them', async () => {
    const etag = (await fetch(`${server.address}/app.js`)).headers.get('etag')!;
    const again = await fetch(`${server.address}/app.js`, { headers: { 'if-none-match': etag } });
    assert.deepEqual([again.status, await again.text()], [304, '']);
    const head = await fetch(`${server.address}/app.js`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('etag')], [200, etag]);
  });

  it('are refused to a page that calls the server by a name of its own, and to other methods', async () => {
    const { hostname, port } = new URL(server.address);
    const ask = (options: object) => rawRequest({ hostname, port, path: '/', ...options });
    assert.equal((await ask({ headers: { host: 'evil.example' } })).status, 403);
    assert.equal((await ask({ headers: { origin: 'http://evil.example' } })).status, 403);
    assert.equal((await ask({ method: 'POST' })).status, 405);
  });

  it('have no script, style or handler in the HTML itself, and no address of another server', async () => {
    const html = Buffer.from((await readPage()).get('/')!.body).toString();
    assert.doesNotMatch(html, /<script(?![^>]*src="[\w./]+")|<style|\son\w+=|\sstyle=/i);
    assert.doesNotMatch(html, /https?:/);
  });

  it('are left out by --no-page: the server has the API alone', async () => {
    await withServer(['--no-page'], async ({ address }) => {
      for (const path of ['/', '/app.js', '/service-worker.js']) {
        const response = await fetch(`${address}${path}`);
        assert.equal(response.status, 404, path);
        const { error } = (await response.json()) as { error: { code: string } };
        assert.equal(error.code, 'not_found');
      }
      assert.equal((await fetch(`${address}/v1/models`)).status, 200);
    });
  });
});

function split(directive: string): [string, string] {
  const [name, ...values] = directive.split(' ');
  return [name!, values.join(' ')];
}
