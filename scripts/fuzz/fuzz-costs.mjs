// node scripts/fuzz/fuzz-costs.mjs templates|schemas|patterns [COUNT] [SEED]: random inputs from a grammar, and what each takes.
//
// One process does cases one after the other and tells the processor time and the peak memory of each, which is reset
// before each and includes the process itself. Where a case comes near a limit, or its process ends, the case is done again
// in a process of its own, whose figures count. Fails when one takes more than 2 s of processor time, more than 200 MB, or
// ends in anything but a result or an error with one of its codes. SIGINT and SIGTERM end it with the figures so far. After a build.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAX_MS = 2000;
const MAX_MEGABYTES = 200;
// Code that ran before runs faster, and freed memory is not given back: a case near a limit is repeated in a new process.
const NEAR_MS = 200;
const NEAR_MEGABYTES = 160;
// A child hangs when it has not answered for so many ticks of this process's own timer. While a machine suspends all
// processes, no tick is counted.
const HANG_TICKS = 120;
const TICK_MS = 1000;
const CASES_PER_PROCESS = 200;
const CODES = {
  templates: ['ok', 'TEMPLATE_ERROR', 'LONE_SURROGATE'],
  schemas: ['ok', 'LIMIT_EXCEEDED', 'BAD_SCHEMA', 'UNSUPPORTED_SCHEMA', 'BAD_PATTERN'],
  patterns: ['ok', 'LIMIT_EXCEEDED', 'BAD_PATTERN'],
};

const [kind = 'templates', count = '10000', seed = '1'] = process.argv.slice(2);
const program = fileURLToPath(new URL('costs/child.mjs', import.meta.url));

function start() {
  return { child: fork(program, [kind], { execArgv: ['--expose-gc'] }), nCases: 0 };
}

/** The outcome of a case; also of one whose process ended or hung. */
function ask({ child }, seed) {
  return new Promise((resolve) => {
    let nTicks = 0;
    const guard = setInterval(() => {
      if (++nTicks === HANG_TICKS) child.kill('SIGKILL');
    }, TICK_MS);
    const finish = (found) => {
      clearInterval(guard);
      child.removeAllListeners();
      resolve(found);
    };
    child.once('message', finish);
    child.once('exit', (code, signal) =>
      finish({ end: `died: ${code ?? signal}`, ms: Infinity, wallMs: Infinity, megabytes: Infinity }),
    );
    child.send(seed, () => undefined);
  });
}

async function alone(seed) {
  const worker = start();
  const found = await ask(worker, seed);
  worker.child.kill();
  return found;
}

const worst = { ms: 0, wallMs: 0, megabytes: 0 };
const worstSeeds = { ms: 0, wallMs: 0, megabytes: 0 };
const ends = new Map();
let nAlone = 0;
let nBad = 0;
let worker = start();
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    isStopped = true;
  });
}
let nDone = 0;
for (let i = Number(seed); i < Number(seed) + Number(count) && !isStopped; i++) {
  if (worker.nCases++ === CASES_PER_PROCESS) {
    worker.child.kill();
    worker = start();
  }
  let found = await ask(worker, i);
  if (isStopped) break;
  if (found.ms > NEAR_MS || found.megabytes > NEAR_MEGABYTES) {
    nAlone++;
    worker.child.kill();
    worker = start();
    found = await alone(i);
  }
  nDone++;
  ends.set(found.end, (ends.get(found.end) ?? 0) + 1);
  for (const name of Object.keys(worst)) {
    if (found[name] <= worst[name]) continue;
    worst[name] = found[name];
    worstSeeds[name] = i;
  }
  if (CODES[kind].includes(found.end) && found.ms <= MAX_MS && found.megabytes <= MAX_MEGABYTES) continue;
  nBad++;
  console.log(`seed ${i}: ${JSON.stringify(found)}`);
}
worker.child.kill();
const told = Array.from(ends, ([end, n]) => `${n} ${end}`).join(', ');
console.log(
  `${nDone} ${kind} from seed ${seed}: ${told}; ${nBad} beyond a limit; at most ${Math.round(worst.ms)} ms of processor time (seed ${worstSeeds.ms}; ${Math.round(worst.wallMs)} ms by the clock) and ${Math.round(worst.megabytes)} MB (seed ${worstSeeds.megabytes}); ${nAlone} done again in a process of their own`,
);
process.exitCode = nBad === 0 ? 0 : 1;
