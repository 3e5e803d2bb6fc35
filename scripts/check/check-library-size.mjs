// Part of npm run check-packages: what a page loads for `generate`, bundled, minified and compressed by gzip, and a bound on it.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from '../npm.mjs';

/** Bytes after gzip, with the WebAssembly: more is a page that keeps people waiting on a slow connection. */
const MAX_BYTES = 250_000;
/** What a page that only generates imports. */
const PAGE = `import { generate, openModel } from '@llama-ts/runtime';
globalThis.llama = { generate, openModel };`;
/** Modules that such a page imports when it opens a model; others only where WebAssembly cannot run. */
const IMPORTED_LATER = /wasm-kernels/;
/** Found by their addresses and copied next to the bundle. Of the modules a page loads one; the largest counts. */
const BY_ADDRESS = ['dist/platform/browser-worker.js', largestModule()];

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  stdin: { contents: PAGE, resolveDir: path.join(root, 'scripts'), sourcefile: 'page.js' },
  outdir: 'app',
  entryNames: 'page',
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  metafile: true,
  write: false,
  logLevel: 'warning',
});

const loaded = loadedFiles();
let sum = 0;
console.log('what a page loads for generate, minified, gzip:');
for (const { name, bytes } of loaded) {
  sum += bytes;
  show(bytes, name);
}
show(sum, `in all, expected at most ${MAX_BYTES}`);
if (sum > MAX_BYTES) {
  console.log(`\ntoo large by ${sum - MAX_BYTES} bytes; the largest inputs, minified:`);
  for (const { name, bytes } of largestInputs()) show(bytes, name);
  process.exitCode = 1;
}

/** Files by name, with their bytes after gzip. */
function loadedFiles() {
  const scripts = [...loadedOutputs('app/page.js')].map((name) => ({
    name: name.slice('app/'.length),
    contents: outputFiles.find(({ path: file }) => path.relative(root, file).replaceAll('\\', '/') === name).contents,
  }));
  const kernels = path.join(root, 'packages/kernels');
  const others = BY_ADDRESS.map((name) => ({ name, contents: readFileSync(path.join(kernels, name)) }));
  return [...scripts, ...others].map(({ name, contents }) => ({
    name,
    bytes: gzipSync(contents, { level: 9 }).length,
  }));
}

/** The output that a page names, and those that it imports, at once or when it opens a model. */
function loadedOutputs(first) {
  const found = new Set([first]);
  let nLater = 0;
  for (const name of found) {
    for (const { path: imported, kind } of metafile.outputs[name].imports) {
      const isLater = kind === 'dynamic-import' && IMPORTED_LATER.test(imported);
      if (isLater) nLater++;
      if (isLater || kind === 'import-statement') found.add(imported);
    }
  }
  if (nLater === 0) throw new Error(`page.js imports nothing like ${IMPORTED_LATER}, expected the WebAssembly kernels`);
  return found;
}

function largestModule() {
  const folder = path.join(root, 'packages/kernels/wasm');
  const sizeOf = (name) => gzipSync(readFileSync(path.join(folder, name)), { level: 9 }).length;
  const [largest] = readdirSync(folder)
    .filter((name) => name.endsWith('.wasm'))
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  return `wasm/${largest}`;
}

function largestInputs() {
  const bytes = new Map();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [name, { bytesInOutput }] of Object.entries(inputs))
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  return [...bytes]
    .map(([name, size]) => ({ name, bytes: size }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 12);
}

function show(bytes, name) {
  console.log(`${String(bytes).padStart(9)}  ${name}`);
}
