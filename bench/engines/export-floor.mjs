// The least that an export can take: reads files from end to end, then writes and syncs as many bytes as its output.
// node bench/engines/export-floor.mjs OUTPUT BYTES INPUT...

import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

/** Small: the kernel looks for contiguous memory for larger writes, which takes far longer where it is scarce. */
const block = Buffer.alloc(256 * 1024, 1);

const [output, byteLength, ...inputs] = process.argv.slice(2);
for (const input of inputs) {
  const file = openSync(input, 'r');
  while (readSync(file, block) > 0);
  closeSync(file);
}
const file = openSync(output, 'w');
for (let left = Number(byteLength); left > 0; ) left -= writeSync(file, block, 0, Math.min(left, block.length));
fsyncSync(file);
closeSync(file);
