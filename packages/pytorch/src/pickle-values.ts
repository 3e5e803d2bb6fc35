// The values that a pickle of tensors is made of. None is an object of a class that the file names.

/** A value of a pickle. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | StoredTensor
  | Global
  | Storage;

/** A container: what it holds is finished before another container holds it, so that no value holds itself. */
export interface Container {
  /** Levels of containers in it, itself included. */
  depth: number;
  /** Whether another value holds it, after which nothing is added. */
  isHeld: boolean;
}

/** A tuple. */
export interface PickleTuple extends Container {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

/** A list. */
export interface PickleList extends Container {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

/** A dict, of whichever class. Keys are texts, numbers and truth values. */
export interface PickleDict extends Container {
  readonly kind: 'dict';
  readonly entries: Map<string | number | boolean, PickleValue>;
}

/** The name of a function or class that the unpickler knows. */
export interface Global {
  readonly kind: 'global';
  /** Module and name: `torch._utils _rebuild_tensor_v2`. */
  readonly name: string;
}

/** An entry of the archive that holds elements of one type. */
export interface Storage {
  readonly kind: 'storage';
  /** Its entry is data/KEY. */
  readonly key: string;
  readonly dtype: TorchDtype;
  /** Elements, each of `dtype`. */
  readonly nElements: number;
}

/** A tensor in row-major order within a storage. */
export interface StoredTensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  /** Lengths of the dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements of the storage before the first. */
  readonly offset: number;
  /** Elements of the tensor: the product of `shape`. */
  readonly nElements: number;
}

/** An element type, by its name in safetensors. */
export type TorchDtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Bytes of one element. */
export const torchDtypeBytes: Readonly<Record<TorchDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** What a value is, for messages. */
export function kindOf(value: PickleValue): string {
  if (value === null) return 'None';
  if (typeof value === 'object') return value.kind === 'global' ? `the global ${value.name}` : `a ${value.kind}`;
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : 'a truth value';
}

/** Whether a value is of a kind. */
export function isKind<K extends 'tuple' | 'list' | 'dict' | 'global' | 'storage' | 'tensor'>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}
