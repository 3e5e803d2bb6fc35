// The files of the page of `llama serve`: its script and style sheet, the workers of a model in the tab, what is copied as it
// is, and the service worker, which knows the names and a digest of all of them. All addresses are relative, so that the page
// may be in any folder of a host.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../npm.mjs';
import { licensesOf } from './bundled-licenses.mjs';

/** Copied as they are. */
const copied = ['index.html', 'icon.svg', 'app.webmanifest'];
const packages = path.join(root, 'packages');
const modules = path.join(packages, 'kernels/wasm');
/** What modules of packages load by its address, `new URL('…', import.meta.url)`; the model's worker is in tab/. */
const loaded = {
  'download-worker.js': path.join(packages, 'browser/dist/download-worker.js'),
  ...Object.fromEntries(fs.readdirSync(modules).map((name) => [`wasm/${name}`, path.join(modules, name)])),
};
/** Licenses of the packages that are bundled into the download worker. */
const LICENSES = path.join(packages, 'browser/dist/LICENSES.txt');
const workers = {
  'tab/model-worker': 'tab/worker.ts',
  'tab/platform/browser-worker': path.join(packages, 'kernels/dist/platform/browser-worker.js'),
};

const options = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
};

/**
 * Contents by path, and the licenses of the packages that they were made of.
 *
 * @param toHtml the page's HTML for its host; default as `llama serve` sends it
 */
export async function bundlePage(source, output, toHtml = (html) => html) {
  const files = new Map();
  const inputs = [];
  // Each apart: a worker is in another folder than the page, and what it loads is beside it.
  await add([{ in: path.join(source, 'app.tsx'), out: 'app' }], output);
  for (const [name, file] of Object.entries(workers)) {
    await add([{ in: path.resolve(source, file), out: path.basename(name) }], path.join(output, path.dirname(name)));
  }
  for (const [name, file] of Object.entries(loaded)) files.set(path.join(output, name), withoutMap(file));
  for (const name of copied) files.set(path.join(output, name), fs.readFileSync(path.join(source, name)));
  const html = path.join(output, 'index.html');
  files.set(html, Buffer.from(toHtml(files.get(html).toString())));
  files.set(path.join(output, 'service-worker.js'), await serviceWorker(source, output, files));
  const licenses = `${licensesOf(inputs)}\n${fs.readFileSync(LICENSES, 'utf8')}`;
  return { files, licenses };

  async function add(entryPoints, outdir) {
    const { outputFiles, metafile } = await build({
      ...options,
      entryPoints,
      outdir,
      // A model that is in no tab costs nothing: what it needs is loaded when it is chosen.
      splitting: true,
      chunkNames: '[name]-[hash]',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      metafile: true,
    });
    for (const file of outputFiles) files.set(file.path, Buffer.from(file.contents));
    inputs.push(...Object.keys(metafile.inputs));
  }
}

/** The bytes of a file; of a script, without the comment that names its source map. */
function withoutMap(file) {
  const bytes = fs.readFileSync(file);
  return file.endsWith('.js') ? Buffer.from(bytes.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')) : bytes;
}

async function serviceWorker(source, output, files) {
  const names = [...files.keys()].map((file) => path.relative(output, file).replaceAll('\\', '/')).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n`).update(files.get(path.join(output, name)));
  const { outputFiles } = await build({
    ...options,
    entryPoints: [path.join(source, 'offline/service-worker.ts')],
    define: {
      SHELL_FILES: JSON.stringify(names.map((name) => (name === 'index.html' ? './' : name))),
      SHELL_DIGEST: JSON.stringify(hash.digest('hex').slice(0, 16)),
    },
  });
  return Buffer.from(outputFiles[0].contents);
}
