// Assembles pickles opcode by opcode, and archives as torch.save writes them.

import { crc32 } from 'node:zlib';

export { failureOf } from '../helpers/failure.js';
export { withFolder } from '../helpers/scratch-folder.js';

/** Opcodes and what follows them: bytes, or text as Latin-1. */
export type Code = readonly (Uint8Array | string)[];

const bytesOf = (part: Uint8Array | string): Uint8Array =>
  typeof part === 'string' ? Buffer.from(part, 'latin1') : part;

function little(nBytes: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(nBytes);
  bytes.writeUIntLE(value, 0, nBytes);
  return bytes;
}

/** The opcodes of pickle, by their names in pickletools. */
export const op = {
  proto: (version = 2) => `\x80${String.fromCharCode(version)}`,
  stop: '.',
  mark: '(',
  none: 'N',
  true: '\x88',
  false: '\x89',
  emptyDict: '}',
  emptyList: ']',
  emptyTuple: ')',
  tuple: 't',
  tuple1: '\x85',
  tuple2: '\x86',
  tuple3: '\x87',
  append: 'a',
  appends: 'e',
  setItem: 's',
  setItems: 'u',
  reduce: 'R',
  build: 'b',
  persistent: 'Q',
  int: (value: number): Uint8Array => {
    const bytes = Buffer.from('J\0\0\0\0', 'latin1');
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  int1: (value: number) => Buffer.concat([Buffer.from('K'), little(1, value)]),
  int2: (value: number) => Buffer.concat([Buffer.from('M'), little(2, value)]),
  long1: (...bytes: number[]) => Uint8Array.from([0x8a, bytes.length, ...bytes]),
  float: (value: number) => {
    const bytes = Buffer.from('G\0\0\0\0\0\0\0\0', 'latin1');
    bytes.writeDoubleBE(value, 1);
    return bytes;
  },
  text: (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from('X'), little(4, bytes.byteLength), bytes]);
  },
  global: (module: string, name: string) => `c${module}\n${name}\n`,
  put: (index: number) => Buffer.concat([Buffer.from('q'), little(1, index)]),
  longPut: (index: number) => Buffer.concat([Buffer.from('r'), little(4, index)]),
  get: (index: number) => Buffer.concat([Buffer.from('h'), little(1, index)]),
  longGet: (index: number) => Buffer.concat([Buffer.from('j'), little(4, index)]),
} as const;

/** The bytes of these opcodes. */
export function assemble(...code: Code): Uint8Array {
  return new Uint8Array(Buffer.concat(code.map(bytesOf)));
}

/** A pickle of protocol 2 of what these opcodes leave on the stack. */
export function pickle(...code: Code): Uint8Array {
  return assemble(op.proto(), ...code, op.stop);
}

/** Facts of a tensor, those of a right one by default. */
export interface TensorFacts {
  readonly type?: string;
  readonly key?: string;
  readonly nStored?: number;
  readonly offset?: Code;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
  readonly hooks?: Code;
}

export const orderedDict: Code = [op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce];

export function persistentId({ type = 'FloatStorage', key = '0', nStored = 6 }: TensorFacts = {}): Code {
  const facts: Code = [op.text('storage'), op.global('torch', type), op.text(key), op.text('cpu'), op.int(nStored)];
  return [op.mark, ...facts, op.tuple];
}

/** What PyTorch calls to rebuild a tensor, called. */
export function tensor(facts: TensorFacts = {}): Code {
  const { offset = [op.int1(0)], shape = [2, 3], strides = rowMajor(shape), hooks = orderedDict } = facts;
  const numbers = (values: readonly number[]): Code => [op.mark, ...values.map(op.int), op.tuple];
  return [
    ...[op.global('torch._utils', '_rebuild_tensor_v2'), op.mark, ...persistentId(facts), op.persistent, ...offset],
    ...[...numbers(shape), ...numbers(strides), op.false, ...hooks, op.tuple, op.reduce],
  ];
}

export function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
}

/** A dict of these values by name. */
export function dict(entries: Readonly<Record<string, Code>>): Code {
  const items = Object.entries(entries).flatMap(([name, value]): Code => [op.text(name), ...value]);
  return [op.emptyDict, op.mark, ...items, op.setItems];
}

/** An entry to put into an archive. */
export interface Entry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Name in its own header, where that is another. */
  readonly localName?: string;
}

/** How to write an archive. */
export interface ZipOptions {
  /** Bits of sizes and offsets; 32, with records of 64 at the end, is what torch.save writes. Default that. */
  readonly bits?: 32 | 64 | '32 and 64';
  /** Data begins at multiples of this, as torch.save aligns it. */
  readonly alignment?: number;
  readonly comment?: string;
}

const IN_64 = 0xffffffff;

/** A zip archive. */
export function zip(
  entries: readonly Entry[],
  { bits = '32 and 64', alignment = 64, comment = '' }: ZipOptions = {},
): Buffer {
  const isZip64 = bits === 64;
  const parts: Buffer[] = [];
  const listed: Buffer[] = [];
  let at = 0;
  const add = (bytes: Buffer): void => {
    parts.push(bytes);
    at += bytes.byteLength;
  };
  for (const { name, data, method = 0, flags = 0x800, crc = crc32(data), localName = name } of entries) {
    const offset = at;
    const local = Buffer.alloc(30);
    const nameBytes = Buffer.from(localName);
    // torch.save fills an extra field FB up to the alignment.
    const end = offset + 30 + nameBytes.byteLength + 4;
    const padding = Buffer.alloc(4 + ((alignment - (end % alignment)) % alignment), 'Z');
    padding.write('FB', 'latin1');
    padding.writeUInt16LE(padding.byteLength - 4, 2);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc, 14);
    local.writeUInt32LE(data.byteLength, 18);
    local.writeUInt32LE(data.byteLength, 22);
    local.writeUInt16LE(nameBytes.byteLength, 26);
    local.writeUInt16LE(padding.byteLength, 28);
    for (const bytes of [local, nameBytes, padding, Buffer.from(data)]) add(bytes);
    const extra = isZip64 ? Buffer.alloc(28) : Buffer.alloc(0);
    if (isZip64) {
      extra.writeUInt16LE(1);
      extra.writeUInt16LE(24, 2);
      for (const [i, value] of [data.byteLength, data.byteLength, offset].entries()) {
        extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
      }
    }
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50);
    header.writeUInt16LE(flags, 8);
    header.writeUInt16LE(method, 10);
    header.writeUInt32LE(crc, 16);
    header.writeUInt32LE(isZip64 ? IN_64 : data.byteLength, 20);
    header.writeUInt32LE(isZip64 ? IN_64 : data.byteLength, 24);
    header.writeUInt16LE(Buffer.byteLength(name), 28);
    header.writeUInt16LE(extra.byteLength, 30);
    header.writeUInt32LE(isZip64 ? IN_64 : offset, 42);
    listed.push(header, Buffer.from(name), extra);
  }
  const directory = Buffer.concat(listed);
  const directoryAt = at;
  add(directory);
  if (bits !== 32) {
    const record = Buffer.alloc(56);
    record.writeUInt32LE(0x06064b50);
    record.writeBigUInt64LE(44n, 4);
    for (const [i, value] of [entries.length, entries.length, directory.byteLength, directoryAt].entries()) {
      record.writeBigUInt64LE(BigInt(value), 24 + 8 * i);
    }
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50);
    locator.writeBigUInt64LE(BigInt(at), 8);
    locator.writeUInt32LE(1, 16);
    add(record);
    add(locator);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(isZip64 ? 0xffff : entries.length, 8);
  end.writeUInt16LE(isZip64 ? 0xffff : entries.length, 10);
  end.writeUInt32LE(isZip64 ? IN_64 : directory.byteLength, 12);
  end.writeUInt32LE(isZip64 ? IN_64 : directoryAt, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  add(end);
  add(Buffer.from(comment));
  return Buffer.concat(parts);
}

/** The entries of a file of torch.save: its pickle, and its storages by key. */
export function torchEntries(code: Uint8Array, storages: Readonly<Record<string, Uint8Array>>): Entry[] {
  return [
    { name: 'model/data.pkl', data: code },
    { name: 'model/byteorder', data: Buffer.from('little') },
    ...Object.entries(storages).map(([key, data]) => ({ name: `model/data/${key}`, data })),
    { name: 'model/version', data: Buffer.from('3\n') },
  ];
}

/** A tensor to save. */
export interface SavedTensor {
  readonly name: string;
  readonly type: 'FloatStorage' | 'HalfStorage' | 'BFloat16Storage' | 'CharStorage';
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const widths = { FloatStorage: 4, HalfStorage: 2, BFloat16Storage: 2, CharStorage: 1 };

/** A file of torch.save of a dict of tensors, each in a storage of its own. `beside` goes around it. */
export function torchFile(
  tensors: readonly SavedTensor[],
  beside: (stateDict: Code) => Code = (stateDict) => stateDict,
  options: ZipOptions = {},
): Buffer {
  const storages: Record<string, Uint8Array> = {};
  const entries: Record<string, Code> = {};
  for (const [i, { name, type, shape, data }] of tensors.entries()) {
    storages[i] = data;
    entries[name] = tensor({ type, key: String(i), nStored: data.byteLength / widths[type], shape });
  }
  return zip(torchEntries(pickle(...beside(dict(entries))), storages), options);
}
