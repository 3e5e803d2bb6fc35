// Measures how fast the threads together can read memory: the most that decoding, which reads every weight, can reach.

import { readSpeed } from '@llama-ts/kernels';

/** As much as the 1B model at eight bits, so that no cache holds any of it. */
const BUFFER_BYTES = 1_313_000_000;

const { threads } = JSON.parse(process.argv[2]);
console.log(JSON.stringify({ bytesPerSecond: await readSpeed({ threads, byteLength: BUFFER_BYTES }) }));
