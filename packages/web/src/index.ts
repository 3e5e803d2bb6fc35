// The files of the page, for a server to send. The page itself is in page/, which the build makes into dist/files.

import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page. */
export interface PageFile {
  /** The file's `Content-Type`. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** Files of the page by the path that a browser asks for: `/`, `/app.js`, … */
export type PageFiles = ReadonlyMap<string, PageFile>;

const folder = new URL('./files/', import.meta.url);
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
  wasm: 'application/wasm',
};

/**
 * Reads the files of the page.
 *
 * @example
 * const server = await createApiServer(engine, { model, modelName: 'llama', page: await readPage() });
 */
export async function readPage(): Promise<PageFiles> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => pathOf(entry));
  return new Map(await Promise.all(files.sort().map(readFileOf)));
}

/** From the folder on, with slashes. */
function pathOf({ parentPath, name }: Dirent): string {
  return relative(fileURLToPath(folder), join(parentPath, name)).replaceAll('\\', '/');
}

async function readFileOf(name: string): Promise<readonly [string, PageFile]> {
  const type = types[name.slice(name.lastIndexOf('.') + 1)]!;
  const body = await readFile(new URL(name, folder));
  return [name === 'index.html' ? '/' : `/${name}`, { type, body }];
}
