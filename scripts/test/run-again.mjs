// A second try of what failed. Tests of two processes share the cores and the disk of a machine that is busy: what failed beside
// others runs once more, alone. What passes then is listed all the same, since it may hide a race.

import fs from 'node:fs';
import path from 'node:path';
import { runGroups } from './run-groups.mjs';

/** More groups than this do not fail by chance. */
const MOST_GROUPS = 6;

/**
 * @param outcomes of {@link runGroups}
 * @param options.env variables of the processes
 * @param options.results a folder for the reporters' counts
 * @param options.show takes pieces of output; they go to standard output unless given
 * @returns the outcomes, with those of the second try in place of failures; such a one lists in `firstFailures` what failed
 *   the first time and not the second
 */
export async function runAgain(outcomes, options) {
  const failed = outcomes.filter(hasFailed);
  if (failed.length > MOST_GROUPS) return outcomes;
  const again = new Map();
  for (const outcome of failed) {
    const results = fs.mkdtempSync(path.join(options.results, 'again-'));
    const [second] = await runGroups([outcome.group], { ...options, results, nJobs: 1 });
    const first = [...outcome.failures, ...(outcome.crash === null ? [] : [`a process ${outcome.crash}`])];
    const titles = second.failures.map(titleOf);
    const firstFailures = hasFailed(second) ? first.filter((line) => !titles.includes(titleOf(line))) : first;
    again.set(outcome, { ...second, firstFailures });
  }
  return outcomes.map((outcome) => again.get(outcome) ?? outcome);
}

function hasFailed({ failed, crash }) {
  return failed > 0 || crash !== null;
}

/** The part of a line of the reporter before the error. */
function titleOf(line) {
  return line.slice(0, line.indexOf('): '));
}
