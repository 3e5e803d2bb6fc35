// node scripts/fuzz/fuzz-opcodes.mjs [COUNT] [SEED]: random programs of pickle's opcodes, read by the unpickler.
//
// A program is a right pickle of tensors with opcodes added, removed, exchanged and repeated, or random opcodes alone. A
// process of limited memory does them one after the other and a second one watches it. Fails when one ends in anything but
// a value or an error of the toolkit, when a thousand take more than 60 s, or the process ever has more than 512 MB. After a build.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { seeded } from './costs/seeded.mjs';

const MAX_MEGABYTES = 512;
const MAX_HEAP_MEGABYTES = 256;
const HANG_MS = 60_000;
const REPORT_EVERY = 1000;
const CODES = ['PYTORCH_PICKLE', 'PYTORCH_TENSOR', 'LIMIT_EXCEEDED'];
const MAX_OPCODES = 40;
const EDGES = [0, 1, 2, 3, 6, 64, 127, 128, 255, 256, 32767, 65535, 65536, 400_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

const latin1 = (text) => Buffer.from(text, 'latin1');
const number = (opcode, nBytes, value) => {
  const bytes = Buffer.alloc(1 + nBytes);
  bytes[0] = opcode.charCodeAt(0);
  bytes.writeUIntLE(value % 2 ** (8 * nBytes), 1, nBytes);
  return bytes;
};
const text = (value, claimed = Buffer.byteLength(value)) =>
  Buffer.concat([number('X', 4, claimed), Buffer.from(value)]);
const tensorName = latin1('ctorch._utils\n_rebuild_tensor_v2\n');
const orderedDict = ['ccollections\nOrderedDict\n', ')', 'R'].map(latin1);
const storage = [
  latin1('('),
  text('storage'),
  latin1('ctorch\nFloatStorage\n'),
  text('0'),
  text('cpu'),
  number('K', 1, 6),
];
const tensor = [
  ...[tensorName, latin1('('), ...storage, latin1('t'), latin1('Q'), number('K', 1, 0)],
  ...[number('K', 1, 2), number('K', 1, 3), latin1('\x86'), number('K', 1, 3), number('K', 1, 1), latin1('\x86')],
  ...[latin1('\x89'), ...orderedDict, latin1('t'), latin1('R')],
];
/** A dict of three tensors, in opcodes. */
const right = [
  ...[latin1('}'), number('q', 1, 0), latin1('(')],
  ...['a', 'b', 'c'].flatMap((name, i) => [text(name), ...tensor, number('q', 1, i + 1)]),
  latin1('u'),
];
const plain = ['(', ')', 't', '\x85', '\x86', '\x87', '}', ']', 'a', 'e', 's', 'u', 'R', 'Q', 'b', 'N', '\x88', '\x89'];

function randomOpcode({ pick, below, chance }) {
  const edge = () => (chance(0.5) ? below(4) : pick(EDGES));
  switch (below(12)) {
    case 0:
      return number(pick('Kqh'), 1, edge());
    case 1:
      return number('M', 2, edge());
    case 2:
      return number(pick('Jrj'), 4, edge());
    case 3:
      return text(pick(['a', 'b', 'storage', 'torch', '', 'é', '../x', '\u0000']), chance(0.9) ? undefined : edge());
    case 4:
      return pick([tensorName, ...orderedDict, ...storage, latin1('cos\nsystem\n'), latin1('ctorch\nHalfStorage\n')]);
    case 5:
      return Buffer.concat([number('\x8a', 1, 8), Buffer.alloc(8, pick([0, 1, 0x7f, 0xff]))]);
    case 6:
      return chance(0.3) ? Buffer.from([below(256)]) : latin1(pick(plain));
    default:
      return latin1(pick(plain));
  }
}

function randomProgram(seed) {
  const random = seeded(seed);
  const { below, chance, pick, times } = random;
  const opcodes = chance(0.7) ? [...right] : times(1 + below(MAX_OPCODES), () => randomOpcode(random));
  for (let edits = below(5); edits > 0; edits--) {
    const at = below(opcodes.length + 1);
    const removed = below(3);
    const added = times(below(3), () => (chance(0.5) ? randomOpcode(random) : pick(right)));
    opcodes.splice(at, removed, ...added);
  }
  if (chance(0.02) && opcodes.length > 0) {
    const at = below(opcodes.length);
    const length = 1 + below(3);
    const repeated = Buffer.concat(opcodes.slice(at, at + length));
    opcodes.splice(at, length, ...times(pick([70, 1000, 20_000]), () => repeated));
  }
  const body = Buffer.concat([
    latin1(chance(0.99) ? '\x80\x02' : '\x80\x04'),
    ...opcodes,
    latin1(chance(0.99) ? '.' : ''),
  ]);
  if (chance(0.1) && body.byteLength > 0) body[below(body.byteLength)] = below(256);
  return new Uint8Array(body);
}

async function work(from, count) {
  const url = new URL('../../packages/pytorch/dist/index.js', import.meta.url).href;
  const { unpickle } = await import(url);
  const ends = {};
  for (let seed = from; seed < from + count; seed++) {
    const bytes = randomProgram(seed);
    let end = 'a value';
    try {
      unpickle(bytes, 'model.pth');
    } catch (error) {
      end = CODES.includes(error.code)
        ? error.code
        : `${error.stack} of ${Buffer.from(bytes).toString('base64').slice(0, 4000)}`;
    }
    ends[end] = (ends[end] ?? 0) + 1;
    if ((seed + 1) % REPORT_EVERY === 0) process.send({ seed });
  }
  process.send({ ends, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) });
  process.disconnect();
}

function watch(from, count) {
  const child = fork(fileURLToPath(import.meta.url), ['--child', String(count), String(from)], {
    execArgv: [`--max-old-space-size=${MAX_HEAP_MEGABYTES}`],
  });
  let last = from;
  let result = null;
  let guard = setTimeout(() => undefined, 0);
  const wait = () => {
    clearTimeout(guard);
    guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  };
  wait();
  child.on('message', (message) => {
    wait();
    if ('seed' in message) last = message.seed;
    else result = message;
  });
  child.on('exit', (code, signal) => {
    clearTimeout(guard);
    if (result === null) {
      console.error(`ended with ${code ?? signal} after seed ${last}`);
      process.exitCode = 1;
      return;
    }
    const { ends, megabytes } = result;
    for (const [end, n] of Object.entries(ends)) console.log(`${n} ${end}`);
    console.log(`${count} programs from seed ${from}, ${megabytes} MB at most`);
    const isFine = Object.keys(ends).every((end) => end === 'a value' || CODES.includes(end));
    if (!isFine || megabytes > MAX_MEGABYTES) process.exitCode = 1;
  });
}

const words = process.argv.slice(2);
const isChild = words[0] === '--child';
const [count = '1000000', seed = '1'] = isChild ? words.slice(1) : words;
if (isChild) await work(Number(seed), Number(count));
else watch(Number(seed), Number(count));
