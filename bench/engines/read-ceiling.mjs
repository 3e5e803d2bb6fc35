// Measures how fast the threads together can read memory: the most that decoding, which reads every weight, can reach.
// Each thread compares the two equal halves of its share, which is the C library's vectorized memcmp.

import { Buffer } from 'node:buffer';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** As much as the 1B model at eight bits, so that no cache holds any of it. */
const BUFFER_BYTES = 1_313_000_000;
const REPETITIONS = 6;
const FILL = 1;

if (isMainThread) await measure(JSON.parse(process.argv[2]).threads);
else serve(workerData);

/** The best of a few repetitions: a ceiling is what the machine can do, not what it did while busy. */
async function measure(threads) {
  const halfShare = Math.floor(BUFFER_BYTES / threads / 2);
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL(import.meta.url), { workerData: halfShare }),
  );
  const answers = (message) =>
    Promise.all(
      workers.map((worker) => {
        const answer = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        worker.postMessage(message);
        return answer;
      }),
    );
  await answers('fill');
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPETITIONS; i++) {
    const start = performance.now();
    await answers('read');
    best = Math.min(best, performance.now() - start);
  }
  console.log(JSON.stringify({ bytesPerSecond: (2 * halfShare * threads * 1000) / best }));
  await Promise.all(workers.map((worker) => worker.terminate()));
}

function serve(halfShare) {
  const buffer = Buffer.allocUnsafeSlow(2 * halfShare);
  const halves = [buffer.subarray(0, halfShare), buffer.subarray(halfShare)];
  parentPort.on('message', (message) => {
    parentPort.postMessage(message === 'fill' ? buffer.fill(FILL).length : halves[0].equals(halves[1]));
  });
}
