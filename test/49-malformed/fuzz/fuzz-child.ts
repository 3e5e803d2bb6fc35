// Fuzzes in a process of its own: node --import tsx fuzz-child.ts <scratch folder> <target> <seed> <first case> <end>;
// with --list in place of a target, names the targets.
//
// The number of the case under way is in <scratch folder>/case, so that the parent process can name one that hangs, or
// that took the process down. The last line of output is JSON: counts, and the most memory the process ever had.

import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { runCases } from './run-cases.js';
import { fuzzTargets } from './targets.js';

const [scratch, name, seed, from, to] = process.argv.slice(2) as [string, string, string, string, string];
const targets = fuzzTargets(scratch);
if (name === '--list') {
  console.log(JSON.stringify(targets.map(({ name: listed, weight = 1 }) => ({ name: listed, weight }))));
  process.exit();
}
const target = targets.find((candidate) => candidate.name === name);
if (target === undefined) throw new RangeError(`no target ${name}`);
const progress = openSync(join(scratch, 'case'), 'w');
const bytes = Buffer.alloc(8);
const counts = await runCases(target, {
  seed: Number(seed),
  from: Number(from),
  to: Number(to),
  onCase(index) {
    bytes.writeBigUInt64LE(BigInt(index));
    writeSync(progress, bytes, 0, bytes.byteLength, 0);
  },
});
console.log(JSON.stringify({ ...counts, peakKiB: process.resourceUsage().maxRSS }));
