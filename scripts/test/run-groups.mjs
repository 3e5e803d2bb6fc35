// Runs groups of test files, several processes at once, and collects what their reporters counted.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { commandFile, root } from '../npm.mjs';

const reporter = path.join(root, 'scripts', 'test', 'counting-reporter.cjs');

/**
 * Runs every group, also after one that failed. What a process prints is shown when it ends, in one piece,
 * and a single group's as it comes.
 *
 * @param groups lists of test files, in the order in which they start
 * @param options.nJobs how many processes at once
 * @param options.env variables of the processes
 * @param options.results an empty folder, for the reporters' counts
 * @param options.args more arguments of mocha
 * @param options.show takes pieces of output; they go to standard output unless given
 * @returns for each group its files as `group`, the reporter's counts (counting-reporter.cjs), and `crash`: how the process
 *   ended if it ended without counts, else null
 */
export async function runGroups(
  groups,
  { nJobs, env, results, args = [], show = (output) => process.stdout.write(output) },
) {
  const outcomes = [];
  const waiting = groups.map((files, i) => ({ files, result: path.join(results, `${i}.json`) }));
  const worker = async () => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift())
      outcomes.push(await runGroup(group, { env, args, show, isAlone: groups.length === 1 }));
  };
  await Promise.all(Array.from({ length: Math.min(nJobs, groups.length) }, worker));
  return outcomes;
}

async function runGroup({ files, result }, { env, args, show, isAlone }) {
  const words = [
    ...[commandFile('mocha'), '--reporter', reporter, '--reporter-option', `result=${result}`],
    ...(env.LLAMA_TEST_STRICT ? ['--forbid-pending'] : []),
    ...args,
    ...files,
  ];
  const child = spawn(process.execPath, words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  const take = isAlone ? show : (chunk) => chunks.push(chunk);
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const end = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal }));
  });
  if (!isAlone) show(Buffer.concat(chunks));
  const crash = `ended with ${end.signal ?? `status ${end.status}`} before its tests were over: ${files.join(', ')}`;
  if (!fs.existsSync(result)) return { group: files, passed: 0, failed: 0, skipped: 0, failures: [], files: [], crash };
  const counts = JSON.parse(fs.readFileSync(result, 'utf8'));
  return { ...counts, group: files, crash: end.status !== 0 && counts.failed === 0 ? crash : null };
}
