#!/usr/bin/env node
// Starts the llama command; committed, so that npm links it before anything is built.

import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  const { runLlama } = await import(main.href);
  await runLlama(import.meta.url);
} else {
  process.stderr.write('llama is not built yet; type in the root of the repository: npm run build\n');
  process.exitCode = 1;
}
