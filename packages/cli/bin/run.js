#!/usr/bin/env node
// Starts the llama command; committed, so that npm links it before anything is built.

import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  const { runLlama } = await import(main.href);
  await runLlama(import.meta.url);
} else {
  // An installed package comes built; a clone does not.
  const isClone = existsSync(new URL('../src/main.ts', import.meta.url));
  const remedy = isClone
    ? 'llama is not built yet; type in the root of the repository: npm run build'
    : 'llama-ts is not whole: dist/main.js is missing; type: npm install llama-ts --force';
  process.stderr.write(`${remedy}\n`);
  process.exitCode = 1;
}
