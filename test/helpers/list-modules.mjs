// Preloaded with --import: appends the URL of every module that the process loads to the file LIST_MODULES_IN names.

import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const list = process.env.LIST_MODULES_IN;

if (isMainThread) {
  register(import.meta.url);
  const { cache } = createRequire(import.meta.url);
  process.on('exit', () => {
    for (const path of Object.keys(cache)) append(pathToFileURL(path).href);
  });
}

/** A hook of Node's, called on a thread of its own. */
export async function load(url, context, nextLoad) {
  append(url);
  return nextLoad(url, context);
}

function append(url) {
  appendFileSync(list, `${url}\n`);
}
