// Ends kernels at random moments of their runs: node --expose-gc endings-child.mjs EVENT ROUNDS SEED BACKEND MAX_THREADS.
//
// EVENT is what ends them: on the main thread exit and uncaught, which are also the end of this process; or, ROUNDS times,
// close, and of a worker terminate, worker-exit and worker-uncaught. Prints how many rounds came to their end.

import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openKernels, startSha256 } from '@llama-ts/kernels';

const THREADS = [1, 2, 3, 4, 8, 16, 32, 64];
const LENGTH = 1 << 18;
const MAX_DELAY_MS = 12;
/** What an uncaught error says here, so that no other is taken for it. */
const EXPECTED = 'this error is expected';

/** mulberry32: the same moments for the same seed. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x ^= x + Math.imul(x ^ (x >>> 7), 61 | x);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Starts runs on arrays, memory to be filled and a mapped file, one after the other, until `isOver`; a digest as well. */
async function startRuns({ backend, threads, file }, isOver = () => false) {
  const kernels = await openKernels({ threads, ...(backend === 'any' ? {} : { backend }) });
  const weights = await kernels.openWeights(file);
  const x = kernels.allocate.float32(LENGTH);
  const y = await weights.float32(0, LENGTH);
  const filled = kernels.allocate.filled(4 * LENGTH);
  globalThis.gc?.(); // nothing but the view holds this memory now
  const words = new Int32Array(filled.buffer, filled.byteOffset, LENGTH);
  const folded = kernels.allocate.int32(1);
  const bytes = new Uint8Array(1 << 20);
  const repeat = async () => {
    while (!isOver()) {
      for (let i = 0; i < 20; i++) kernels.add(x, y);
      kernels.xorAll(folded, words);
      startSha256().update(bytes);
      await kernels.run();
    }
  };
  return { kernels, weights, running: repeat() };
}

async function closeInARun(setup, delay) {
  let isOver = false;
  const { kernels, running } = await startRuns(setup, () => isOver);
  const outcome = running.catch((error) => error);
  await sleep(delay);
  isOver = true;
  await kernels.close();
  await outcome;
}

async function endWorker(event, setup, delay) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { event, setup, delay } });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const failed = new Promise((resolve) => worker.once('error', resolve));
  if (event === 'terminate') {
    await new Promise((resolve) => worker.once('message', resolve));
    await sleep(delay);
    await worker.terminate();
  } else if (event === 'worker-uncaught') {
    assert.equal((await failed).message, EXPECTED);
  } else {
    failed.then((error) => assert.fail(error));
  }
  await ended;
}

/** Ends this thread in one of its runs. */
async function endHere(event, setup, delay) {
  await startRuns(setup);
  parentPort?.postMessage('started');
  if (event === 'terminate') return;
  await sleep(delay);
  if (event.endsWith('exit')) process.exit(0);
  setTimeout(() => {
    throw new Error(EXPECTED);
  });
}

if (isMainThread) {
  const [event, rounds, seed, backend, maxThreads, file] = process.argv.slice(2);
  const next = random(Number(seed));
  const threadCounts = THREADS.filter((count) => count <= Number(maxThreads));
  writeFileSync(file, new Uint8Array(4 * LENGTH));
  for (let round = 0; round < Number(rounds); round++) {
    const threads = threadCounts[Math.floor(next() * threadCounts.length)];
    const setup = { backend, threads, file };
    const delay = next() * MAX_DELAY_MS;
    if (event === 'exit' || event === 'uncaught') await endHere(event, setup, delay);
    else if (event === 'close') await closeInARun(setup, delay);
    else await endWorker(event, setup, delay);
  }
  if (event !== 'exit' && event !== 'uncaught') console.log(`${rounds} of ${rounds}`);
} else {
  const { event, setup, delay } = workerData;
  await endHere(event, setup, delay);
}
