// The files of the page of `llama serve`: one script, one style sheet, what is copied as it is, and the service worker, which
// knows the names and a digest of all of them.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { root } from '../npm.mjs';

/** Copied as they are. */
const copied = ['index.html', 'icon.svg', 'app.webmanifest'];

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

/** Contents by path, and the files that they were made of. */
export async function bundlePage(source, output) {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: [path.join(source, 'app.tsx')],
    outdir: output,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
  });
  const files = new Map(outputFiles.map((file) => [file.path, Buffer.from(file.contents)]));
  for (const name of copied) files.set(path.join(output, name), fs.readFileSync(path.join(source, name)));
  files.set(path.join(output, 'service-worker.js'), await serviceWorker(source, output, files));
  return { files, inputs: Object.keys(metafile.inputs) };
}

async function serviceWorker(source, output, files) {
  const names = [...files.keys()].map((file) => path.relative(output, file)).sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n`).update(files.get(path.join(output, name)));
  const { outputFiles } = await build({
    ...options,
    entryPoints: [path.join(source, 'offline/service-worker.ts')],
    define: {
      SHELL_FILES: JSON.stringify(names.map((name) => (name === 'index.html' ? '/' : `/${name}`))),
      SHELL_DIGEST: JSON.stringify(hash.digest('hex').slice(0, 16)),
    },
  });
  return Buffer.from(outputFiles[0].contents);
}
