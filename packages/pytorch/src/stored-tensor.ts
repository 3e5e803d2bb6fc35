// A tensor of a pickle: which elements of which storage it is. What PyTorch would be told to rebuild is checked here.

import { quote } from '@llama-ts/base';
import { badTensor, overLimit } from './failures.js';
import { MAX_DIMENSIONS } from './limits.js';
import { isKind, kindOf, type PickleValue, type StoredTensor } from './pickle-values.js';

/**
 * The tensor that `torch._utils._rebuild_tensor_v2` would make of its arguments: storage, offset, sizes, strides, whether
 * it needs gradients, and hooks.
 *
 * @throws ToolkitError `PYTORCH_TENSOR`, `LIMIT_EXCEEDED`
 */
export function rebuildTensor(args: readonly PickleValue[], name: string): StoredTensor {
  const [storage, offset, sizes, strides, needsGradient, hooks] = args;
  if (args.length !== 6) throw badTensor(name, `a tensor of ${args.length} facts, expected 6`);
  if (!isKind(storage, 'storage')) throw badTensor(name, `a tensor in ${kindOf(storage!)}, expected a storage`);
  const what = `a tensor in storage ${quote(storage.key)}`;
  const shape = integers(sizes!, 'sizes', what, name);
  const steps = integers(strides!, 'strides', what, name);
  if (shape.length > MAX_DIMENSIONS) {
    throw overLimit(name, `${what} has ${shape.length} dimensions, expected at most ${MAX_DIMENSIONS}`);
  }
  if (steps.length !== shape.length) {
    throw badTensor(name, `${what} has ${steps.length} strides for ${shape.length} dimensions, expected as many`);
  }
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0) {
    throw badTensor(name, `${what} begins at element ${shown(offset!)}, expected a whole number of 0 or more`);
  }
  if (typeof needsGradient !== 'boolean') {
    throw badTensor(name, `${what} has ${kindOf(needsGradient!)} for requires_grad, expected a truth value`);
  }
  if (!isKind(hooks, 'dict') || hooks.entries.size > 0) {
    throw badTensor(name, `${what} has hooks, which are code, expected none`);
  }
  const nElements = shape.reduce((product, n) => product * n, 1);
  if (!Number.isSafeInteger(nElements)) throw badTensor(name, `${what} has more elements than 2^53`);
  if (nElements > 0) checkStrides(shape, steps, what, name);
  if (offset + nElements > storage.nElements) {
    throw badTensor(
      name,
      `${what} takes elements ${offset} to ${offset + nElements}, expected at most its ${storage.nElements}`,
    );
  }
  return { kind: 'tensor', storage, shape, offset, nElements };
}

/** The stride of a dimension of one element means nothing. */
function checkStrides(shape: readonly number[], strides: readonly number[], what: string, name: string): void {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) {
      const found = `${what} of shape [${shape}] has strides [${strides}]`;
      throw badTensor(name, `${found}, expected its rows one after the other: call contiguous() before it is saved`);
    }
    step *= shape[i]!;
  }
}

function integers(value: PickleValue, field: string, what: string, name: string): readonly number[] {
  if (!isKind(value, 'tuple')) throw badTensor(name, `${what} has ${kindOf(value)} for its ${field}, expected a tuple`);
  return value.items.map((item) => {
    if (typeof item === 'number' && Number.isSafeInteger(item) && item >= 0) return item;
    throw badTensor(name, `${what} has ${shown(item)} in its ${field}, expected whole numbers of 0 or more`);
  });
}

function shown(value: PickleValue): string {
  return typeof value === 'number' ? String(value) : kindOf(value);
}
