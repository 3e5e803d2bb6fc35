// Hosts on the loopback that know nothing of the page: one of static files, without any header but their types, and one of
// weights, which answers ranges to pages from everywhere.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface PlainHost {
  readonly address: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** Serves a folder at a path. @param headers sent with every file */
export async function plainHost(
  folder: string,
  at: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<PlainHost> {
  return serve(at, async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    const name = path.startsWith(at) ? path.slice(at.length) || 'index.html' : null;
    const body = name === null || name.includes('..') ? null : await readFile(join(folder, name)).catch(() => null);
    if (body === null) response.writeHead(404).end();
    else {
      const type = types[extname(name!)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    }
  });
}

/** A host of weights, which can be told to hold the end of the file back. */
export interface WeightsHost extends PlainHost {
  nRequests(): number;
  /** From now on, answers stop in the middle. */
  hold(): void;
  /** From now on, answers come in many small pieces. */
  dribble(): void;
  release(): void;
}

/** Hundreds of them are a file of the sample. */
const PIECE_BYTES = 4096;

const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'range',
  'access-control-expose-headers': 'content-range, etag, accept-ranges, content-length',
  'accept-ranges': 'bytes',
  etag: '"cow"',
};

export async function weightsHost(file: string): Promise<WeightsHost> {
  const bytes = await readFile(file);
  let nRequests = 0;
  let isHeld = false;
  let isDribbling = false;
  const path = `/${basename(file)}`;
  const host = await serve(path, (request, response) => {
    if (request.method === 'OPTIONS') return response.writeHead(204, HEADERS).end();
    nRequests++;
    if (request.url !== path) return response.writeHead(404, HEADERS).end();
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last === undefined || last === '' ? bytes.length : Math.min(bytes.length, Number(last) + 1);
    const headers = { ...HEADERS, 'content-length': end - start };
    if (first === undefined) response.writeHead(200, headers);
    else response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` });
    const part = bytes.subarray(start, end);
    // The first 64 KiB tell what the file is.
    if (isHeld && part.length > 200_000) response.write(part.subarray(0, 100_000));
    else if (isDribbling) Readable.from(pieces(part)).pipe(response);
    else response.end(part);
    return undefined;
  });
  return {
    ...host,
    nRequests: () => nRequests,
    hold() {
      isHeld = true;
    },
    dribble() {
      isDribbling = true;
    },
    release() {
      isHeld = false;
    },
  };
}

async function serve(at: string, listener: RequestListener): Promise<PlainHost> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
    await delay(1);
  }
}
