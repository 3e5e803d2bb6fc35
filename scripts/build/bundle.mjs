// Bundles the code of each package into few files in its dist/: Node takes about half a millisecond for each module it
// loads, and a package has up to a hundred. Packages stay apart from one another; their types come from tsc.
// A package with a src/platform/browser.ts is bundled twice: for Node from index.js on, for browsers from browser.js on, which is
// src/browser.ts where only a part of the package runs there.
// One with a src/page has the files of a web page in dist/files. One for browsers alone is bundled for them alone.
// With --check nothing is written: what is in dist/ and not of these sources is listed, and the exit status is 1.

import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../npm.mjs';
import { bundlePage } from './bundle-page.mjs';
import { licensesOf } from './bundled-licenses.mjs';
import { writeAtOnce } from './write-at-once.mjs';

/** Oclif's code is in the command line's bundle. What is needed rarely is not: Node finds it when it is. */
const commandLine = {
  external: ['@llama-ts/*', 'ora', 'typescript', 'ts-node'],
  // Oclif's modules are CommonJS and use what Node gives to those.
  banner: {
    js: `import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`,
  },
};

/** Started in a browser; each has a name of its own, since a bundler may put them side by side. */
const BROWSER_WORKER = /^platform\/browser-(?:\w+-)?worker\.ts$/;

/** Packages that Node has no use for. Their workers hold all they need: a page's import map does not hold for workers. */
const forBrowsersAlone = ['browser'];
/** The other packages by their sources, which need no build before. */
const sourcesByName = Object.fromEntries(
  ['base', 'format'].map((name) => [`@llama-ts/${name}`, path.join(root, 'packages', name, 'src/index.ts')]),
);

const isCheck = process.argv.includes('--check');
const packages = path.join(root, 'packages');
for (const name of fs.readdirSync(packages)) {
  if (!fs.existsSync(path.join(packages, name, 'src'))) continue;
  const dist = path.join(packages, name, 'dist');
  const files = await bundles(name, dist);
  if (isCheck) list(outdated(dist, files));
  else write(dist, files);
}

/** The files of a package's bundles: contents by path. */
async function bundles(name, dist) {
  const source = path.join(packages, name, 'src');
  const entries = entryFiles(source);
  if (forBrowsersAlone.includes(name)) return bundlesForBrowsers(name, dist, entries);
  const files = await bundle(name, dist, 'node', entries.filter((file) => !BROWSER_WORKER.test(file)).map(asItIs));
  if (fs.existsSync(path.join(source, 'platform/browser.ts'))) {
    const workers = entries.filter((file) => BROWSER_WORKER.test(file)).map(asItIs);
    const forBrowsers = await bundle(name, dist, 'browser', [
      { from: browserEntry(source), to: 'browser' },
      ...workers,
    ]);
    for (const [file, contents] of forBrowsers) files.set(file, contents);
  }
  const page = path.join(source, 'page');
  if (fs.existsSync(page)) {
    const { files: ofPage, licenses } = await bundlePage(page, path.join(dist, 'files'));
    for (const [file, contents] of ofPage) files.set(file, contents);
    files.set(path.join(dist, 'LICENSES.txt'), Buffer.from(licenses));
  }
  return files;
}

/** One bundle for the page, and one for each worker. */
async function bundlesForBrowsers(name, dist, entries) {
  const isWorker = (file) => file.endsWith('-worker.ts');
  const files = await bundle(name, dist, 'browser', entries.filter((file) => !isWorker(file)).map(asItIs));
  for (const worker of entries.filter(isWorker)) {
    const whole = { packages: 'bundle', alias: sourcesByName, splitting: false };
    for (const [file, contents] of await bundle(name, dist, 'browser', [asItIs(worker)], whole))
      files.set(file, contents);
  }
  return files;
}

/** What a browser has of a package: all of it, or what browser.ts names. */
function browserEntry(source) {
  return fs.existsSync(path.join(source, 'browser.ts')) ? 'browser.ts' : 'index.ts';
}

/** An entry whose bundle has its own name. */
function asItIs(file) {
  return { from: file, to: file.replace(/\.ts$/, '') };
}

/** One bundle: contents by path. */
async function bundle(name, dist, platform, entries, options = {}) {
  const source = path.join(packages, name, 'src');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map(({ from, to }) => ({ in: path.join(source, from), out: to })),
    outdir: dist,
    // Beside index.js, so that `import.meta.url` is in dist/ wherever code ends up.
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    // Also the condition by which `#platform` is found.
    platform,
    target: platform === 'node' ? 'node20' : 'es2022',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
    ...(name === 'cli' ? commandLine : { packages: 'external' }),
    ...options,
  });
  const files = new Map(outputFiles.map((file) => [file.path, file.contents]));
  const licenses = licensesOf(Object.keys(metafile.inputs));
  if (licenses !== '') files.set(path.join(dist, 'LICENSES.txt'), Buffer.from(licenses));
  return files;
}

/** What is loaded by its path: by package.json, or by a worker's start. Everything else is found from these. */
function entryFiles(source) {
  const files = fs.readdirSync(source, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  return files.filter((file) => /^(?:index|main|help|commands\/.*|hooks\/.*|.*-worker)\.ts$/.test(file));
}

/** Writes what changed, each file at once: another process may be loading them, as tests do. */
function write(dist, files) {
  for (const [file, contents] of files) {
    if (!holds(file, contents)) writeAtOnce(file, contents);
  }
  for (const file of codeFiles(dist)) if (!files.has(file)) fs.rmSync(file);
}

function list(files) {
  for (const file of files) console.log(`${path.relative(root, file)}: not of these sources; type: npm run build`);
  if (files.length > 0) process.exitCode = 1;
}

function outdated(dist, files) {
  const all = [...new Set([...codeFiles(dist), ...files.keys()])];
  return all.filter((file) => !files.has(file) || !holds(file, files.get(file)));
}

function holds(file, contents) {
  return fs.existsSync(file) && fs.readFileSync(file).equals(contents);
}

/** JavaScript and its source maps, of this build or an earlier one. */
function codeFiles(dist) {
  if (!fs.existsSync(dist)) return [];
  const files = fs.readdirSync(dist, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.js(?:\.map)?$/.test(file)).map((file) => path.join(dist, file));
}
