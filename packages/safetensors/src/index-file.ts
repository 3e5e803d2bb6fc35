// Parses model.safetensors.index.json, the list that says which shard holds which tensor.

import { type ErrorCode, escapeControls, quote, ToolkitError } from '@llama-ts/base';
import { JsonProblem, JsonScanner } from './json-scanner.js';
import { MAX_HEADER_BYTES, MAX_SHARDS, MAX_TENSORS } from './limits.js';

/** The remedy for a damaged index. */
export const DOWNLOAD_INDEX = 'download model.safetensors.index.json again, then run the same command again';

/** The content of an index. */
export interface SafetensorsIndex {
  /** Tensor name → shard, a relative path with forward slashes that stays within the folder. */
  readonly weightMap: ReadonlyMap<string, string>;
  /** The shards in order of first mention. */
  readonly shards: readonly string[];
  /** Bytes of all tensors according to the index, or null if it has no usable number. */
  readonly totalSize: number | null;
}

/**
 * Parses an index. Everything but `weight_map` and `metadata.total_size` is skipped; a `total_size` that is not a whole
 * number of bytes counts as absent, since nothing depends on it.
 *
 * @param bytes the whole file
 * @param name the file's name for messages
 * @throws SAFETENSORS_INDEX, LIMIT_EXCEEDED
 */
export function parseIndex(bytes: Uint8Array, name: string): SafetensorsIndex {
  const file = escapeControls(name);
  if (bytes.byteLength > MAX_HEADER_BYTES) {
    throw fail('LIMIT_EXCEEDED', `${file}: ${bytes.byteLength} bytes, expected at most ${MAX_HEADER_BYTES}`);
  }
  try {
    return readIndex(new JsonScanner(bytes), file);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw fail('SAFETENSORS_INDEX', `${file}: ${error.message}`);
  }
}

function readIndex(scanner: JsonScanner, file: string): SafetensorsIndex {
  const seen = new Set<string>();
  let weights: Omit<SafetensorsIndex, 'totalSize'> | undefined;
  let totalSize: number | null = null;
  eachMember(scanner, 'the index', seen, (key) => {
    if (key === 'weight_map') weights = readWeightMap(scanner, file);
    else if (key === 'metadata' && scanner.peek() === 'object') totalSize = readTotalSize(scanner);
    else scanner.skipValue();
  });
  scanner.finish();
  if (weights === undefined) throw scanner.problem('the index ends without weight_map', scanner.byteOffset, 'one');
  return { ...weights, totalSize };
}

function readWeightMap(scanner: JsonScanner, file: string): Omit<SafetensorsIndex, 'totalSize'> {
  const weightMap = new Map<string, string>();
  const shards = new Set<string>();
  eachMember(scanner, 'weight_map', weightMap, (tensor) => {
    const byteOffset = scanner.byteOffset;
    const shard = scanner.string(`the shard of ${quote(tensor)}`);
    if (!shards.has(shard)) {
      const problem = pathProblem(shard);
      if (problem !== null)
        throw scanner.problem(`shard ${quote(shard)} ${problem}`, byteOffset, 'a path in the folder');
      shards.add(shard);
    }
    weightMap.set(tensor, shard);
    if (shards.size > MAX_SHARDS) {
      throw fail('LIMIT_EXCEEDED', `${file}: weight_map names over ${MAX_SHARDS} shards, expected fewer`);
    }
    if (weightMap.size > MAX_TENSORS) {
      throw fail('LIMIT_EXCEEDED', `${file}: weight_map names over ${MAX_TENSORS} tensors, expected fewer`);
    }
  });
  if (weightMap.size === 0) throw scanner.problem('an empty weight_map', scanner.byteOffset, 'at least one tensor');
  return { weightMap, shards: [...shards] };
}

function readTotalSize(scanner: JsonScanner): number | null {
  let totalSize: number | null = null;
  eachMember(scanner, 'metadata', new Set(), (key) => {
    const value = scanner.skipValue();
    if (key === 'total_size' && /^\d+(?:\.0+)?$/.test(value)) totalSize = Number(value);
  });
  return totalSize;
}

/** Walks an object, refusing a key met twice: two readers may take different ones of the two. */
function eachMember(
  scanner: JsonScanner,
  what: string,
  seen: Set<string> | Map<string, unknown>,
  member: (key: string) => void,
): void {
  scanner.enterObject(what);
  for (let key = scanner.nextKey(); key !== null; key = scanner.nextKey()) {
    if (seen.has(key))
      throw scanner.problem(`key ${quote(key)} of ${what} a second time`, scanner.byteOffset, 'each once');
    if (seen instanceof Set) seen.add(key);
    member(key);
  }
}

/** Why a shard's path may not be followed, or null. Colons cover URLs and Windows drives alike. */
function pathProblem(path: string): string | null {
  if (path.includes('\\')) return 'has a backslash';
  if (path.includes(':')) return 'has a colon, as URLs and drives have';
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'has a control character';
  if (path.startsWith('/')) return 'is absolute';
  const segments = path.split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return 'has an empty, "." or ".." part';
  return null;
}

function fail(code: ErrorCode, message: string): ToolkitError {
  return new ToolkitError(code, message, { suggestions: [DOWNLOAD_INDEX] });
}
