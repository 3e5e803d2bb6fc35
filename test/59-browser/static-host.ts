// A host of static files on the loopback, as a page is put on: what is not in its folder is not found.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Options of {@link hostFolder}. */
export interface HostOptions {
  /** Headers of every response. */
  readonly headers: Readonly<Record<string, string>>;
  /** Called with the path of each request that finds a file. */
  readonly onServed?: (path: string, bytes: Uint8Array) => void;
}

/** Serves a folder for as long as `use` takes. */
export async function hostFolder<T>(
  folder: string,
  { headers, onServed }: HostOptions,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    const bytes = path.includes('..') ? null : await readFile(join(folder, path)).catch(() => null);
    if (bytes === null) {
      response.writeHead(404, headers).end();
      return;
    }
    onServed?.(path, bytes);
    response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', ...headers });
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
