// node examples/browser/esbuild.mjs [FOLDER]: bundles the page into FOLDER, default dist.

import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = import.meta.dirname;
const folder = process.argv[2] ?? path.join(here, 'dist');
const kernels = path.dirname(fileURLToPath(import.meta.resolve('@llama-ts/kernels/package.json')));

await build({
  // esbuild does not follow `new URL('…', import.meta.url)`: the worker is an entry of its own, at the address that the
  // kernels give it from the bundle.
  entryPoints: {
    'app/page': path.join(here, 'page.js'),
    'app/platform/browser-worker': path.join(kernels, 'dist/platform/browser-worker.js'),
  },
  outdir: folder,
  // Beside page.js, whose address the others are relative to.
  chunkNames: 'app/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  minify: true,
});
// Likewise: ../wasm/kernels.wasm and its relaxed variants, from the bundle.
await cp(path.join(kernels, 'wasm'), path.join(folder, 'wasm'), { recursive: true });
const page = await readFile(path.join(here, 'index.html'), 'utf8');
await writeFile(path.join(folder, 'index.html'), page.replace('./page.js', './app/page.js'));
