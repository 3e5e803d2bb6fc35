// The runtime bundled for a browser, and a server on the loopback that a page loads it from.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const kernels = join(root, 'packages/kernels');

/** A file of a bundle. */
export interface BundledFile {
  readonly name: string;
  readonly text: string;
}

/** Bundles a module's source as a web application would: what is imported of the packages, by their names. */
export async function bundleForBrowser(source: string): Promise<readonly BundledFile[]> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: join(root, 'test/59-browser'), sourcefile: 'page.js' },
    outdir: '/app',
    entryNames: 'page',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ path, text }) => ({ name: path.slice('/app/'.length), text }));
}

/** What a page loads, by its path on the server. */
export type Served = ReadonlyMap<string, Uint8Array | string>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Lets threads of a page share memory. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Serves a bundle in /app/, next to it the files that it names by their addresses, which an application copies there, and
 * other files, for as long as `use` takes.
 */
export async function serve(
  { files, isIsolated }: { readonly files: Served; readonly isIsolated: boolean },
  use: (origin: string) => Promise<void>,
): Promise<void> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    const body = files.get(path) ?? (await kernelsFile(path));
    const headers = {
      'Content-Type': types[extname(path)] ?? 'application/octet-stream',
      ...(isIsolated ? isolation : {}),
    };
    if (body === null) response.writeHead(404, headers).end();
    else response.writeHead(200, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The worker and the WebAssembly module are next to the bundle, as they are next to the kernels' own. */
async function kernelsFile(path: string): Promise<Uint8Array | null> {
  const file = path.startsWith('/app/') ? join(kernels, 'dist', path.slice('/app/'.length)) : join(kernels, path);
  return readFile(file).catch(() => null);
}
