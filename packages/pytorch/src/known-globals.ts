// The few names that a pickle of tensors may refer to, and what each stands for here. Nothing is looked up or executed.

import { quote } from '@llama-ts/base';
import { badPickle } from './failures.js';
import { type Global, isKind, kindOf, type PickleValue, type Storage, type TorchDtype } from './pickle-values.js';
import { rebuildTensor } from './stored-tensor.js';

const DICT = 'collections OrderedDict';
const TENSOR = 'torch._utils _rebuild_tensor_v2';
const PARAMETER = 'torch._utils _rebuild_parameter';

/** The type of the elements of each class of storage. */
const storages: ReadonlyMap<string, TorchDtype> = new Map([
  ['torch DoubleStorage', 'F64'],
  ['torch FloatStorage', 'F32'],
  ['torch HalfStorage', 'F16'],
  ['torch BFloat16Storage', 'BF16'],
  ['torch LongStorage', 'I64'],
  ['torch IntStorage', 'I32'],
  ['torch ShortStorage', 'I16'],
  ['torch CharStorage', 'I8'],
  ['torch ByteStorage', 'U8'],
  ['torch BoolStorage', 'BOOL'],
]);
const known: ReadonlySet<string> = new Set([DICT, TENSOR, PARAMETER, ...storages.keys()]);
/** Entries are numbered. */
const STORAGE_KEY = /^(?:0|[1-9]\d{0,8})$/;

/** @throws ToolkitError `PYTORCH_PICKLE` for any name that a dict of tensors does not need */
export function knownGlobal(module: string, name: string, at: string): Global {
  const full = `${module} ${name}`;
  if (known.has(full)) return { kind: 'global', name: full };
  const found = quote(module === '' ? name : `${module}.${name}`);
  throw badPickle(at, `refers to ${found}, which no dict of tensors needs; nothing was executed`);
}

/**
 * What calling a global would give.
 *
 * @throws ToolkitError `PYTORCH_PICKLE`, `PYTORCH_TENSOR`, `LIMIT_EXCEEDED`
 */
export function callGlobal(callee: PickleValue, args: PickleValue, at: string): PickleValue {
  if (!isKind(callee, 'global'))
    throw badPickle(at, `calls ${kindOf(callee)}, expected a function that rebuilds a tensor`);
  if (!isKind(args, 'tuple')) throw badPickle(at, `calls ${callee.name} with ${kindOf(args)}, expected a tuple`);
  const { items } = args;
  switch (callee.name) {
    case DICT:
      if (items.length > 0) throw badPickle(at, `makes an OrderedDict of ${items.length} arguments, expected none`);
      return { kind: 'dict', entries: new Map(), depth: 1, isHeld: false };
    case TENSOR:
      return rebuildTensor(items, at);
    case PARAMETER:
      if (items.length === 3 && isKind(items[0], 'tensor') && isKind(items[2], 'dict') && items[2].entries.size === 0) {
        return items[0];
      }
      throw badPickle(at, 'makes a Parameter of something else than a tensor without hooks');
    default:
      throw badPickle(at, `calls ${callee.name}, expected a function that rebuilds a tensor`);
  }
}

/**
 * The storage that a persistent id names: `('storage', class, key, device, number of elements)`.
 *
 * @throws ToolkitError `PYTORCH_PICKLE`
 */
export function storageOf(id: PickleValue, at: string): Storage {
  const [word, type, key, device, nElements] = isKind(id, 'tuple') ? id.items : [];
  const dtype = isKind(type, 'global') ? storages.get(type.name) : undefined;
  if (!isKind(id, 'tuple') || id.items.length !== 5 || word !== 'storage' || dtype === undefined) {
    throw badPickle(at, `has ${kindOf(id)} as a persistent id, expected that of a storage`);
  }
  if (typeof key !== 'string' || !STORAGE_KEY.test(key)) {
    throw badPickle(at, `names a storage ${typeof key === 'string' ? quote(key) : kindOf(key!)}, expected a number`);
  }
  if (typeof device !== 'string') throw badPickle(at, `storage ${key} is on ${kindOf(device!)}, expected a device`);
  if (typeof nElements !== 'number' || !Number.isSafeInteger(nElements) || nElements < 0) {
    throw badPickle(at, `storage ${key} has no number of elements, expected 0 or more`);
  }
  return { kind: 'storage', key, dtype, nElements };
}
