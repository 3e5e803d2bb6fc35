// How long each test file took when it was last recorded: test/durations.json, in seconds. It balances the processes of a test
// run, and may be out of date without harm.

import fs from 'node:fs';
import path from 'node:path';
import { root } from '../npm.mjs';

const recorded = path.join(root, 'test', 'durations.json');
/** Seconds of a file that was never recorded. */
const UNKNOWN = 5;

/** @returns a function from a test file's path to the seconds it takes */
export function readDurations() {
  const durations = fs.existsSync(recorded) ? JSON.parse(fs.readFileSync(recorded, 'utf8')) : {};
  return (file) => durations[file] ?? UNKNOWN;
}

/** Writes what the files of a run took over what was recorded, and forgets files that are no more. */
export function recordDurations(outcomes) {
  const durations = fs.existsSync(recorded) ? JSON.parse(fs.readFileSync(recorded, 'utf8')) : {};
  for (const { files } of outcomes)
    for (const { file, seconds } of files) durations[file] = Math.max(0.1, Number(seconds.toFixed(1)));
  const rows = Object.entries(durations).filter(([file]) => fs.existsSync(path.join(root, file)));
  fs.writeFileSync(recorded, `${JSON.stringify(Object.fromEntries(rows.sort()), null, 2)}\n`);
}
