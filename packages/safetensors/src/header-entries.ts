// Reads the JSON of a header into tensors and metadata, and refuses JSON that two readers could understand differently.

import { quote, ToolkitError } from '@llama-ts/base';
import { DTYPES, type Dtype, dtypeBits, isDtype, tensorSize } from './dtype.js';
import { JsonProblem, JsonScanner } from './json-scanner.js';
import { MAX_DIMENSIONS, MAX_METADATA_ENTRIES, MAX_TENSOR_FIELDS, MAX_TENSORS } from './limits.js';
import type { TensorInfo } from './tensor-info.js';

/** The header's length field: an unsigned 64-bit little-endian integer. */
export const LENGTH_FIELD_BYTES = 8;

/** The one key of the header that is not a tensor's name. */
export const METADATA_KEY = '__metadata__';

/** The remedy for an entry that no download damages this way. */
export const WRITE_AGAIN = 'save the tensors again with the program that wrote them, then run the same command again';

/** The JSON of a header, in its own order. */
export interface HeaderEntries {
  readonly tensors: TensorInfo[];
  readonly metadata: ReadonlyMap<string, string> | null;
}

/**
 * Reads the entries; offsets become absolute. Checks each tensor, not how they lie to each other.
 *
 * @param file the file's name, safe to show
 * @throws JsonProblem where the text is not JSON or not of the header's form
 * @throws SAFETENSORS_TENSOR, LIMIT_EXCEEDED
 */
export function readHeaderEntries(bytes: Uint8Array, headerByteLength: number, file: string): HeaderEntries {
  const scanner = new JsonScanner(bytes, LENGTH_FIELD_BYTES, headerByteLength);
  const names = new Set<string>();
  const tensors: TensorInfo[] = [];
  let metadata: ReadonlyMap<string, string> | null = null;
  scanner.enterObject('the header');
  for (let name = scanner.nextKey(); name !== null; name = scanner.nextKey()) {
    if (names.has(name)) throw repeated(scanner, `key ${quote(name)}`);
    names.add(name);
    if (name === METADATA_KEY) {
      metadata = readMetadata(scanner, file);
    } else {
      if (tensors.length === MAX_TENSORS) throw tooMany(file, 'the header', 'tensors', MAX_TENSORS);
      tensors.push(readTensor(scanner, name, headerByteLength, file));
    }
  }
  scanner.finish();
  return { tensors, metadata };
}

function readMetadata(scanner: JsonScanner, file: string): ReadonlyMap<string, string> | null {
  if (scanner.peek() === 'null') {
    scanner.null(METADATA_KEY);
    return null;
  }
  const metadata = new Map<string, string>();
  scanner.enterObject(METADATA_KEY);
  for (let key = scanner.nextKey(); key !== null; key = scanner.nextKey()) {
    if (metadata.has(key)) throw repeated(scanner, `key ${quote(key)} of ${METADATA_KEY}`);
    if (metadata.size === MAX_METADATA_ENTRIES) throw tooMany(file, METADATA_KEY, 'entries', MAX_METADATA_ENTRIES);
    metadata.set(key, scanner.string(`${METADATA_KEY}[${quote(key)}]`));
  }
  return metadata;
}

function readTensor(scanner: JsonScanner, name: string, dataByteOffset: number, file: string): TensorInfo {
  try {
    const { dtype, shape, begin, end } = readFields(scanner, `${file}: tensor ${quote(name)}`);
    return { name, dtype, shape, byteOffset: dataByteOffset + begin, byteLength: end - begin };
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw tensorError(`${file}: tensor ${quote(name)}: ${error.message}`);
  }
}

/** The fields of one entry, checked against each other. Unknown ones are skipped: a later version may define them. */
function readFields(scanner: JsonScanner, where: string) {
  const seen = new Set<string>();
  let dtype: Dtype | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly [begin: number, end: number] | undefined;
  scanner.enterObject('the entry');
  for (let field = scanner.nextKey(); field !== null; field = scanner.nextKey()) {
    if (seen.has(field)) throw repeated(scanner, `field ${quote(field)}`);
    if (seen.size === MAX_TENSOR_FIELDS) throw tooMany(where, 'the entry', 'fields', MAX_TENSOR_FIELDS);
    seen.add(field);
    if (field === 'dtype') dtype = readDtype(scanner);
    else if (field === 'shape') shape = readShape(scanner, where);
    else if (field === 'data_offsets') offsets = readOffsets(scanner);
    else scanner.skipValue();
  }
  if (dtype === undefined) throw missing(scanner, 'dtype');
  if (shape === undefined) throw missing(scanner, 'shape');
  if (offsets === undefined) throw missing(scanner, 'data_offsets');
  const [begin, end] = offsets;
  if (end < begin) throw tensorError(`${where}: data_offsets [${begin}, ${end}] are reversed, expected begin ≤ end`);
  checkSize(dtype, shape, end - begin, where);
  return { dtype, shape, begin, end };
}

function readDtype(scanner: JsonScanner): Dtype {
  const byteOffset = scanner.byteOffset;
  const dtype = scanner.string('dtype');
  if (!isDtype(dtype)) throw scanner.problem(`dtype ${quote(dtype)}`, byteOffset, `one of ${DTYPES.join(', ')}`);
  return dtype;
}

function readShape(scanner: JsonScanner, where: string): readonly number[] {
  const shape: number[] = [];
  scanner.enterArray('shape');
  while (scanner.nextElement()) {
    if (shape.length === MAX_DIMENSIONS) throw tooMany(where, 'shape', 'dimensions', MAX_DIMENSIONS);
    shape.push(scanner.unsignedInteger(`shape[${shape.length}]`));
  }
  return shape;
}

function readOffsets(scanner: JsonScanner): readonly [number, number] {
  const byteOffset = scanner.byteOffset;
  const offsets: number[] = [];
  scanner.enterArray('data_offsets');
  while (scanner.nextElement()) {
    if (offsets.length === 2) throw scanner.problem('more than two data_offsets', byteOffset, '[begin, end]');
    offsets.push(scanner.unsignedInteger(`data_offsets[${offsets.length}]`));
  }
  if (offsets.length !== 2) throw scanner.problem(`${offsets.length} data_offsets`, byteOffset, '[begin, end]');
  return [offsets[0]!, offsets[1]!];
}

function checkSize(dtype: Dtype, shape: readonly number[], byteLength: number, where: string): void {
  const size = tensorSize(dtype, shape);
  const product = `shape [${shape.join(', ')}] of ${dtype}`;
  if ('byteLength' in size) {
    if (size.byteLength === byteLength) return;
    throw tensorError(`${where}: data_offsets span ${byteLength} bytes, expected ${size.byteLength} for ${product}`);
  }
  if (size.problem === 'overflow') throw tensorError(`${where}: ${product} overflows, expected at most 2^53 − 1 bits`);
  throw tensorError(`${where}: ${product}, ${dtypeBits(dtype)} bits each, ends within a byte, expected whole bytes`);
}

function repeated(scanner: JsonScanner, what: string): JsonProblem {
  return scanner.problem(`${what} a second time`, scanner.byteOffset, 'each once');
}

function missing(scanner: JsonScanner, field: string): JsonProblem {
  return scanner.problem(`the entry ends without ${field}`, scanner.byteOffset, 'dtype, shape and data_offsets');
}

function tooMany(where: string, what: string, items: string, limit: number): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `${where}: ${what} has more than ${limit} ${items}, expected fewer`, {
    suggestions: [WRITE_AGAIN],
  });
}

function tensorError(message: string): ToolkitError {
  return new ToolkitError('SAFETENSORS_TENSOR', message, { suggestions: [WRITE_AGAIN] });
}
