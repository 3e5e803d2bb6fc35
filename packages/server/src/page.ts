// The page that the server sends: its files, with headers that keep the browser from requests to any other server.

import { hexOf, sha256 } from '@llama-ts/base';
import type { Endpoint } from './endpoints/endpoint.js';
import type { PageFile, PageFiles } from './page-files.js';

/** Scripts, styles and answers come from this server; nothing is inline, nothing is framed. A model in the page is WebAssembly. */
const POLICY = [
  "default-src 'none'",
  ...[
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
  ],
  ...["manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

const headers = {
  'content-security-policy': POLICY,
  // A page that is isolated may share memory between threads, as a model in the page would.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  // Browsers look up the names of the links on a page that is not encrypted.
  'x-dns-prefetch-control': 'off',
  // Asked for again each time, and sent again where it has changed.
  'cache-control': 'no-cache',
};

/** An endpoint for each file. None needs a key: the page asks for it. */
export function pageEndpoints(files: PageFiles): Endpoint[] {
  return Array.from(files, ([path, file]) => ({
    method: 'GET',
    path,
    summary: 'send a file of the page',
    needsKey: false,
    table: null,
    errors: 'openai',
    handle: createSender(file),
  }));
}

function createSender({ type, body }: PageFile): Endpoint['handle'] {
  const etag = `"${hexOf(sha256(body))}"`;
  return async (_context, { request }) => {
    const isKnown = request.headers.get('if-none-match') === etag;
    return new Response(isKnown ? null : (body as Uint8Array<ArrayBuffer>), {
      status: isKnown ? 304 : 200,
      headers: { ...headers, etag, 'content-type': type },
    });
  };
}
