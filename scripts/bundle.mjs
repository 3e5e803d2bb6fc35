// Bundles the code of each package into few files in its dist/: Node takes about half a millisecond for each module it
// loads, and a package has up to a hundred. Packages stay apart from one another; their types come from tsc.
// With --check nothing is written: what is in dist/ and not of these sources is listed, and the exit status is 1.

import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { licensesOf } from './bundled-licenses.mjs';
import { root } from './npm.mjs';

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

const isCheck = process.argv.includes('--check');
const packages = path.join(root, 'packages');
for (const name of fs.readdirSync(packages)) {
  if (!fs.existsSync(path.join(packages, name, 'src'))) continue;
  const dist = path.join(packages, name, 'dist');
  const files = await bundle(name, dist);
  if (isCheck) list(outdated(dist, files));
  else write(dist, files);
}

/** The files of a package's bundle: contents by path. */
async function bundle(name, dist) {
  const source = path.join(packages, name, 'src');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryFiles(source).map((file) => path.join(source, file)),
    outbase: source,
    outdir: dist,
    // Beside index.js, so that `import.meta.url` is in dist/ wherever code ends up.
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
    ...(name === 'cli' ? commandLine : { packages: 'external' }),
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

function write(dist, files) {
  for (const [file, contents] of files) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, contents);
  }
  for (const file of codeFiles(dist)) if (!files.has(file)) fs.rmSync(file);
}

function list(files) {
  for (const file of files) console.log(`${path.relative(root, file)}: not of these sources; type: npm run build`);
  if (files.length > 0) process.exitCode = 1;
}

function outdated(dist, files) {
  const isSame = (file) => fs.existsSync(file) && fs.readFileSync(file).equals(files.get(file) ?? Buffer.of());
  return [...new Set([...codeFiles(dist), ...files.keys()])].filter((file) => !files.has(file) || !isSame(file));
}

/** JavaScript and its source maps, of this build or an earlier one. */
function codeFiles(dist) {
  if (!fs.existsSync(dist)) return [];
  const files = fs.readdirSync(dist, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.js(?:\.map)?$/.test(file)).map((file) => path.join(dist, file));
}
