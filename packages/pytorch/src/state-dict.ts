// The dict of tensors in what was saved: all of it, or one of the values of a training checkpoint.

import { quote } from '@llama-ts/base';
import { badPickle, overLimit } from './failures.js';
import { MAX_TENSORS } from './limits.js';
import { isKind, kindOf, type PickleDict, type PickleValue, type StoredTensor } from './pickle-values.js';

/** Where training programs keep the weights beside other things: llama2.c, Lightning, others. */
const MODEL_KEYS = ['model', 'state_dict', 'model_state_dict'] as const;

/** @throws ToolkitError `PYTORCH_PICKLE` where nothing holds tensors */
export function stateDictOf(root: PickleValue, name: string): PickleDict {
  if (!isKind(root, 'dict')) throw badPickle(name, `holds ${kindOf(root)}, expected a dict of tensors`);
  for (const key of MODEL_KEYS) {
    const value = root.entries.get(key);
    if (isKind(value, 'dict') && hasTensor(value)) return value;
  }
  if (!hasTensor(root)) throw badPickle(name, 'holds no dict of tensors, expected one');
  return root;
}

/** @throws ToolkitError `PYTORCH_PICKLE`, `LIMIT_EXCEEDED` */
export function tensorsIn({ entries }: PickleDict, name: string): Map<string, StoredTensor> {
  if (entries.size > MAX_TENSORS) throw overLimit(name, `${entries.size} tensors, expected at most ${MAX_TENSORS}`);
  const tensors = new Map<string, StoredTensor>();
  const storages = new Map<string, StoredTensor>();
  for (const [key, value] of entries) {
    if (typeof key !== 'string')
      throw badPickle(name, `has ${JSON.stringify(key)} for a tensor's name, expected a text`);
    if (!isKind(value, 'tensor')) throw badPickle(name, `${quote(key)} is ${kindOf(value)}, expected a tensor`);
    const { storage } = value;
    const other = storages.get(storage.key)?.storage;
    if (other !== undefined && (other.dtype !== storage.dtype || other.nElements !== storage.nElements)) {
      throw badPickle(name, `${quote(key)} sees storage ${storage.key} as another type, expected one`);
    }
    storages.set(storage.key, value);
    tensors.set(key, value);
  }
  return tensors;
}

function hasTensor({ entries }: PickleDict): boolean {
  for (const value of entries.values()) if (isKind(value, 'tensor')) return true;
  return false;
}
