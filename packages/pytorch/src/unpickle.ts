// An unpickler for dicts of tensors: the opcodes that torch.save writes, plain values, and tensors as places in an archive.
// Everything else is refused by its name. Nothing that the file names is imported, called or executed.
//
// @see https://github.com/pytorch/pytorch/blob/main/torch/_weights_only_unpickler.py, which allows about the same opcodes
// @see https://github.com/python/cpython/blob/main/Lib/pickletools.py

import { badPickle, overLimit } from './failures.js';
import { callGlobal, knownGlobal, storageOf } from './known-globals.js';
import { MAX_CONTAINERS, MAX_DEPTH, MAX_MARKS, MAX_MEMO, MAX_STACK } from './limits.js';
import { opcodeName } from './opcode-names.js';
import { PickleBytes } from './pickle-bytes.js';
import { isKind, kindOf, type PickleDict, type PickleTuple, type PickleValue } from './pickle-values.js';

/** The version of the format that torch.save writes. */
const PROTOCOL = 2;

/**
 * Reads a pickle.
 *
 * @param name for messages
 * @throws ToolkitError `PYTORCH_PICKLE`, `PYTORCH_TENSOR`, `LIMIT_EXCEEDED`
 */
export function unpickle(bytes: Uint8Array, name: string): PickleValue {
  const input = new PickleBytes(bytes, name);
  if (input.uint8() !== 0x80) throw badPickle(name, 'begins with no PROTO, expected a pickle of protocol 2');
  const protocol = input.uint8();
  if (protocol !== PROTOCOL)
    throw badPickle(name, `pickle protocol ${protocol}, expected ${PROTOCOL}, as torch.save writes`);
  return new Unpickler(input).run();
}

class Unpickler {
  readonly #input: PickleBytes;
  readonly #stack: PickleValue[] = [];
  /** Lengths of the stack at its marks. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  /** Where the opcode in hand begins. */
  #opcodeAt = 0;
  #nContainers = 0;

  constructor(input: PickleBytes) {
    this.#input = input;
  }

  run(): PickleValue {
    for (;;) {
      this.#opcodeAt = this.#input.position;
      const opcode = this.#input.uint8();
      if (opcode === 0x2e) return this.#stop();
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const input = this.#input;
    switch (opcode) {
      case 0x28: // MARK
        if (this.#marks.length === MAX_MARKS) throw overLimit(this.#place, `more than ${MAX_MARKS} open marks`);
        this.#marks.push(this.#stack.length);
        break;
      case 0x4e: // NONE
        this.#push(null);
        break;
      case 0x88: // NEWTRUE
        this.#push(true);
        break;
      case 0x89: // NEWFALSE
        this.#push(false);
        break;
      case 0x4b: // BININT1
        this.#push(input.uint8());
        break;
      case 0x4d: // BININT2
        this.#push(input.uint16());
        break;
      case 0x4a: // BININT
        this.#push(input.int32());
        break;
      case 0x8a: // LONG1
        this.#push(input.integer(input.uint8()));
        break;
      case 0x47: // BINFLOAT
        this.#push(input.float64());
        break;
      case 0x58: // BINUNICODE
        this.#push(input.text(input.uint32()));
        break;
      case 0x7d: // EMPTY_DICT
        this.#pushNew({ kind: 'dict', entries: new Map(), depth: 1, isHeld: false });
        break;
      case 0x5d: // EMPTY_LIST
        this.#pushNew({ kind: 'list', items: [], depth: 1, isHeld: false });
        break;
      case 0x29: // EMPTY_TUPLE
        this.#pushNew(this.#tuple([]));
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#pushNew(this.#tuple(this.#popMany(opcode - 0x84)));
        break;
      case 0x74: // TUPLE
        this.#pushNew(this.#tuple(this.#popToMark()));
        break;
      case 0x61: // APPEND
        this.#append(this.#popMany(1));
        break;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        break;
      case 0x71: // BINPUT
        this.#memoize(input.uint8());
        break;
      case 0x72: // LONG_BINPUT
        this.#memoize(input.uint32());
        break;
      case 0x68: // BINGET
        this.#recall(input.uint8());
        break;
      case 0x6a: // LONG_BINGET
        this.#recall(input.uint32());
        break;
      case 0x63: // GLOBAL
        this.#push(knownGlobal(input.line(), input.line(), this.#place));
        break;
      case 0x51: // BINPERSID
        this.#push(storageOf(this.#pop(), this.#place));
        break;
      case 0x52: {
        // REDUCE
        const [callee, args] = this.#popMany(2);
        this.#pushNew(callGlobal(callee!, args!, this.#place));
        break;
      }
      case 0x62: // BUILD
        this.#build();
        break;
      default:
        throw badPickle(this.#place, `${opcodeName(opcode)}, which no dict of tensors needs; nothing was executed`);
    }
  }

  /** Where the opcode in hand is, for messages. */
  get #place(): string {
    return this.#input.placeOf(this.#opcodeAt);
  }

  #stop(): PickleValue {
    if (this.#marks.length > 0) throw badPickle(this.#place, 'ends within a mark');
    const value = this.#pop();
    if (this.#stack.length > 0)
      throw badPickle(this.#place, `ends with ${this.#stack.length} more values on the stack`);
    if (!this.#input.isAtEnd) throw badPickle(this.#input.place, 'bytes after its end, expected none');
    return value;
  }

  #push(value: PickleValue): void {
    if (this.#stack.length === MAX_STACK) throw overLimit(this.#place, `more than ${MAX_STACK} values on the stack`);
    this.#stack.push(value);
  }

  #pushNew(value: PickleValue): void {
    if (++this.#nContainers > MAX_CONTAINERS) {
      throw overLimit(this.#place, `more than ${MAX_CONTAINERS} tuples, lists and dicts`);
    }
    this.#push(value);
  }

  #pop(): PickleValue {
    if (this.#stack.length === (this.#marks.at(-1) ?? 0))
      throw badPickle(this.#place, 'takes a value that is not there');
    return this.#stack.pop()!;
  }

  #popMany(n: number): PickleValue[] {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < n) {
      throw badPickle(this.#place, `takes ${n} values, which are not there`);
    }
    return this.#stack.splice(-n);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw badPickle(this.#place, 'goes back to a mark that is not there');
    return this.#stack.splice(mark);
  }

  #top(): PickleValue {
    if (this.#stack.length === (this.#marks.at(-1) ?? 0))
      throw badPickle(this.#place, 'uses a value that is not there');
    return this.#stack.at(-1)!;
  }

  #memoize(index: number): void {
    if (index >= MAX_MEMO) throw overLimit(this.#place, `memo ${index}, expected less than ${MAX_MEMO}`);
    this.#memo.set(index, this.#top());
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw badPickle(this.#place, `memo ${index} is empty, expected a value`);
    this.#push(value);
  }

  #tuple(items: readonly PickleValue[]): PickleTuple {
    const tuple: PickleTuple = { kind: 'tuple', items, depth: 1, isHeld: false };
    this.#hold(tuple, items);
    return tuple;
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!isKind(list, 'list')) throw badPickle(this.#place, `appends to ${kindOf(list)}, expected a list`);
    this.#hold(list, items);
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!isKind(dict, 'dict')) throw badPickle(this.#place, `sets items of ${kindOf(dict)}, expected a dict`);
    if (items.length % 2 !== 0) throw badPickle(this.#place, 'has a key without a value');
    this.#hold(dict, items);
    for (let i = 0; i < items.length; i += 2) this.#setItem(dict, items[i]!, items[i + 1]!);
  }

  #setItem({ entries }: PickleDict, key: PickleValue, value: PickleValue): void {
    if (key === null || typeof key === 'object') {
      throw badPickle(this.#place, `has ${kindOf(key)} as a key, expected a text or a number`);
    }
    if (entries.has(key)) throw badPickle(this.#place, `has the key ${JSON.stringify(key)} twice, expected it once`);
    entries.set(key, value);
  }

  /** Makes values part of another. A finished value is not changed any more, so nothing can hold itself. */
  #hold(holder: PickleValue & { depth: number; isHeld: boolean }, items: readonly PickleValue[]): void {
    if (holder.isHeld) throw badPickle(this.#place, 'changes a value that another one holds');
    for (const item of items) {
      if (item === holder) throw badPickle(this.#place, 'puts a value into itself');
      if (item === null || typeof item !== 'object' || !('isHeld' in item)) continue;
      item.isHeld = true;
      holder.depth = Math.max(holder.depth, item.depth + 1);
    }
    if (holder.depth > MAX_DEPTH)
      throw overLimit(this.#place, `values in ${holder.depth} others, expected at most ${MAX_DEPTH}`);
  }

  /** An OrderedDict of tensors has attributes of its own, such as versions of modules, which do not concern the weights. */
  #build(): void {
    const attributes = this.#pop();
    const target = this.#top();
    if (!isKind(target, 'dict') || !isKind(attributes, 'dict')) {
      throw badPickle(this.#place, `sets attributes of ${kindOf(target)} to ${kindOf(attributes)}, expected dicts`);
    }
  }
}
