// Names of tensors as wrappers leave them: torch.compile, data parallel training, PEFT and models that hold a Llama
// add parts to the names of a Llama. Where leaving those parts out gives the names of a Llama in one way only, they are left out.

import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import { show } from '../json-fields.js';
import { EMBEDDING_NAME } from './tensor-names.js';
import type { TensorPass } from './weight-stream.js';

/** Parts that wrappers add, anywhere in a name. */
const WRAPPERS = new Set([
  '_orig_mod', // torch.compile
  'module', // DistributedDataParallel
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
  '_forward_module', // Lightning Fabric
  'language_model', // models of text and images
]);
const PEFT = 'base_model.model.';

/** Names that differ from a Llama's by wrappers. */
export interface WrappedNames {
  /** The names in the files by the names of a Llama; tensors are in the order of the files. */
  readonly stored: ReadonlyMap<string, string>;
  /** Warning for the user. */
  readonly warning: string;
}

/**
 * Finds which parts of all names are wrappers'. null where the names are a Llama's already, where leaving the parts out
 * does not make them so, and where two tensors would get one name.
 */
export function unwrapNames(names: Iterable<string>, folder: string): WrappedNames | null {
  const all = [...names];
  if (all.includes(EMBEDDING_NAME)) return null;
  const bare = all.map(withoutWrappers);
  const prefix = commonPrefix(bare);
  if (prefix === null) return null;
  const stored = new Map(bare.map((name, i) => [name.slice(prefix.length), all[i]!]));
  if (stored.size < all.length) return null;
  const example = stored.get(EMBEDDING_NAME)!;
  return {
    stored,
    warning: `${folder}: tensors are named like ${show(example)}; ${show(EMBEDDING_NAME)} and so on are meant`,
  };
}

function withoutWrappers(name: string): string {
  const start = name.startsWith(PEFT) ? PEFT.length : 0;
  return name
    .slice(start)
    .split('.')
    .filter((part) => !WRAPPERS.has(part))
    .join('.');
}

/** The prefix of every name, empty for none; null where no prefix leaves the names of a Llama. */
function commonPrefix(names: readonly string[]): string | null {
  if (names.includes(EMBEDDING_NAME)) return '';
  const candidates = names.filter((name) => name.endsWith(`.${EMBEDDING_NAME}`));
  const prefix = candidates[0]?.slice(0, -EMBEDDING_NAME.length);
  if (candidates.length !== 1 || prefix === undefined) return null;
  return names.every((name) => name.startsWith(prefix)) ? prefix : null;
}

/** A reader that knows tensors by the names of a Llama. */
export function renamedReader(
  reader: TensorReader<ShardTensorInfo>,
  { stored }: WrappedNames,
): TensorReader<ShardTensorInfo> {
  const tensors = new Map<string, ShardTensorInfo>();
  for (const [name, original] of stored) tensors.set(name, { ...reader.tensors.get(original)!, name });
  return {
    tensors,
    read: (name, options) => reader.read(stored.get(name) ?? name, options),
    close: () => reader.close(),
  };
}

/** A pass that knows tensors by the names of a Llama. */
export function renamedPass<P extends TensorPass>(pass: P, { stored }: WrappedNames): P {
  const original = (name: string): string => stored.get(name) ?? name;
  const { fileOf } = pass;
  return {
    ...pass,
    placeOf: (name: string) => pass.placeOf(original(name)),
    ...(fileOf === undefined ? {} : { fileOf: (name: string) => fileOf(original(name)) }),
    readNext: (name: string, start: number, into: Uint8Array, signal?: AbortSignal) =>
      pass.readNext(original(name), start, into, signal),
  };
}
