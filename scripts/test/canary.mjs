// A token that only one test run knows, and the search for it afterwards: any file or output that contains it has leaked it.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const watcher = pathToFileURL(path.join(import.meta.dirname, 'canary-watch.mjs')).href;

/**
 * Makes the token, and a folder for everything that the run puts into temporary files.
 *
 * @returns variables for the run, and `leaks`, to be called once after the run: it removes the folder and returns where the
 *   token was seen
 */
export function setCanary(environment = process.env) {
  const scratch = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'llama-test-'));
  const canary = `hf_${randomBytes(17).toString('hex')}`;
  const report = path.join(scratch, 'leaks');
  const temporary = path.join(scratch, 'tmp');
  fs.mkdirSync(temporary);
  const env = {
    ...environment,
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
    HF_TOKEN: canary,
    LLAMA_TEST_CANARY: canary,
    LLAMA_TEST_CANARY_REPORT: report,
    NODE_OPTIONS: `${environment.NODE_OPTIONS ?? ''} --import=${watcher}`.trim(),
  };
  const leaks = () => {
    try {
      const reported = fs.existsSync(report) ? fs.readFileSync(report, 'utf8').trim().split('\n').map(describe) : [];
      return [...reported, ...filesWith(canary, temporary)];
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  };
  return { env, leaks };
}

function describe(line) {
  const { where, process: command, stack } = JSON.parse(line);
  return `${where}, by ${command.join(' ')}\n${stack}`;
}

/** What is left in a folder and has the token in its content. */
function filesWith(canary, folder) {
  const found = [];
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && fs.readFileSync(file).includes(canary)) found.push(`content of ${file}`);
  }
  return found;
}
