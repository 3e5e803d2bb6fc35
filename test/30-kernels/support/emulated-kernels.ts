// The kernels of Arm on a machine of another kind: the program of native/stdio under qemu, one request a run.

import { strict as assert } from 'node:assert';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Kernels } from '@llama-ts/kernels';
import type { ProgramArray } from '../../../packages/kernels/src/program/encoder.js';
import { type ProgramRunner, programKernels } from '../../../packages/kernels/src/program/program-kernels.js';
import { readWeights } from '../../../packages/kernels/src/reference/read-weights.js';

const COMPILER = 'aarch64-linux-gnu-g++';
const EMULATOR = 'qemu-aarch64';
const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = `${root}packages/kernels/build/emulated/stdio`;
/** A cache line: buffers start on one, as those of the addon do. */
const ALIGNMENT = 64;
const WORD_BYTES = 8;

/** Whether an Arm CPU can be emulated here, and would not be the host's own. */
export const canEmulateArm =
  process.platform === 'linux' &&
  process.arch !== 'arm64' &&
  [COMPILER, EMULATOR].every((tool) => spawnSync(tool, ['--version']).status === 0);

let isBuilt = false;

/** Opens `neon` under the emulator. */
export async function emulatedKernels(threads: number): Promise<Kernels> {
  if (!isBuilt) execFileSync(process.execPath, ['scripts/build/build-emulated.mjs'], { cwd: root });
  isBuilt = true;
  const child = spawn(EMULATOR, [program, 'neon', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const read = byteReader(child.stdout);
  const base = Number((await read(WORD_BYTES)).readBigUInt64LE());
  return programKernels(emulatedRunner(child, child.stdin, read, threads, bufferAddresses(base)));
}

function emulatedRunner(
  child: ChildProcess,
  input: Writable,
  read: (length: number) => Promise<Buffer>,
  threads: number,
  addressOfBuffer: (buffer: ArrayBuffer) => number,
): ProgramRunner {
  /** Buffers by address. Weak references, because a recorded program may use a buffer again. */
  const buffers = new Map<number, WeakRef<ArrayBuffer>>();
  let finite = true;

  /** The buffers that a program's words point into. A word is an address when it is larger than any count. */
  const pointedAt = (words: Float64Array): ArrayBuffer[] => {
    const alive = [...buffers].flatMap(([address, ref]) => {
      const buffer = ref.deref();
      if (buffer === undefined) buffers.delete(address);
      return buffer === undefined ? [] : [{ address, buffer }];
    });
    const holds = (address: number, byteLength: number): boolean =>
      words.some((word) => word >= address && word <= address + byteLength);
    return alive.filter(({ address, buffer }) => holds(address, buffer.byteLength)).map(({ buffer }) => buffer);
  };

  const compute = async (words: Float64Array): Promise<void> => {
    const sent = pointedAt(words);
    input.write(request(words, sent, addressOfBuffer));
    const answer = await read(2 * WORD_BYTES);
    assert.equal(answer.readBigInt64LE(), -1n, 'the program refuses an operation');
    finite = answer.readBigUInt64LE(WORD_BYTES) === 0n;
    for (const buffer of sent) new Uint8Array(buffer).set(await read(buffer.byteLength));
  };

  return {
    backend: 'neon',
    threads,
    rowCost: 1,
    prefersGroupMaxima: false,
    tuning: null,
    allocate: {
      float32: (length) => new Float32Array(length),
      int8: (length) => new Int8Array(length),
      int32: (length) => new Int32Array(length),
      uint16: (length) => new Uint16Array(length),
      uint8: (length) => new Uint8Array(length),
      filled: (length) => new Uint8Array(length),
    },
    addressOf(array: ProgramArray) {
      const buffer = array.buffer as ArrayBuffer;
      const address = addressOfBuffer(buffer);
      buffers.set(address, new WeakRef(buffer));
      return address + array.byteOffset;
    },
    openWeights: readWeights,
    start: (words, length) => ({ done: compute(words.slice(0, length)) }),
    cancel: () => {},
    nonFinite: () => !finite,
    checkFiles: () => {},
    async close() {
      input.end();
      await once(child, 'exit');
    },
  };
}

/** Gives each buffer a place in the program's memory, once. */
function bufferAddresses(base: number): (buffer: ArrayBuffer) => number {
  const addresses = new WeakMap<ArrayBuffer, number>();
  let next = base;
  return (buffer) => {
    const address = addresses.get(buffer) ?? next;
    if (address === next) {
      addresses.set(buffer, address);
      next += Math.ceil((buffer.byteLength + 1) / ALIGNMENT) * ALIGNMENT;
    }
    return address;
  };
}

function request(
  words: Float64Array,
  buffers: readonly ArrayBuffer[],
  addressOf: (buffer: ArrayBuffer) => number,
): Buffer {
  const header = [buffers.length, words.length, ...buffers.flatMap((buffer) => [addressOf(buffer), buffer.byteLength])];
  return Buffer.concat([
    Buffer.from(BigUint64Array.from(header, BigInt).buffer),
    Buffer.from(words.buffer),
    ...buffers.map((buffer) => Buffer.from(buffer)),
  ]);
}

/** Reads exactly so many bytes of a stream. */
function byteReader(stream: Readable): (length: number) => Promise<Buffer> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return async (length) => {
    const parts = [rest];
    for (let found = rest.length; found < length; found += parts.at(-1)!.length) {
      const { value, done } = await chunks.next();
      assert.ok(!done, 'the emulated program ended early');
      parts.push(value);
    }
    const bytes = Buffer.concat(parts);
    rest = bytes.subarray(length);
    return bytes.subarray(0, length);
  };
}
