// Parses and checks the header of a safetensors file: eight bytes of length, then JSON that must describe every byte.

import { type ErrorCode, escapeControls, quote, recogniseFormat, ToolkitError } from '@llama-ts/base';
import { LENGTH_FIELD_BYTES, readHeaderEntries, WRITE_AGAIN } from './header-entries.js';
import { JsonProblem } from './json-scanner.js';
import { MAX_HEADER_BYTES } from './limits.js';
import type { TensorInfo } from './tensor-info.js';

const DOWNLOAD_AGAIN = 'download the file again, then run the same command again';

/** The fields of a header. */
export interface SafetensorsHeader {
  /** Every tensor by name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Free text that the writer left, or null. */
  readonly metadata: ReadonlyMap<string, string> | null;
  /** Where the data begins: the length field and the JSON together. */
  readonly headerByteLength: number;
}

/**
 * Reads and checks the length field.
 *
 * @param head the file's first bytes: 8 suffice, more let foreign formats be recognised
 * @param fileByteLength the whole file's size
 * @param name the file's name for messages
 * @returns bytes of length field and JSON together: what {@link parseHeader} must be given
 * @throws NOT_SAFETENSORS, SAFETENSORS_HEADER, SAFETENSORS_TRUNCATED, LIMIT_EXCEEDED
 */
export function readHeaderByteLength(head: Uint8Array, fileByteLength: number, name: string): number {
  const file = escapeControls(name);
  const available = Math.min(head.byteLength, fileByteLength);
  const view = new DataView(head.buffer, head.byteOffset, available);
  const jsonByteLength = available < LENGTH_FIELD_BYTES ? null : view.getBigUint64(0, true);
  const fits = jsonByteLength !== null && jsonByteLength <= BigInt(fileByteLength - LENGTH_FIELD_BYTES);
  if (!fits || jsonByteLength > BigInt(MAX_HEADER_BYTES)) refuseForeignFormat(head.subarray(0, available), file);
  if (jsonByteLength === null) {
    const expected = `at least ${LENGTH_FIELD_BYTES} for the length of the header`;
    const code = fileByteLength === 0 ? 'NOT_SAFETENSORS' : 'SAFETENSORS_TRUNCATED';
    throw fail(code, `${file}: ${available} bytes, expected ${expected}`, DOWNLOAD_AGAIN);
  }
  if (jsonByteLength > BigInt(MAX_HEADER_BYTES)) {
    throw fail(
      'LIMIT_EXCEEDED',
      `${file}: header length ${jsonByteLength} at byte 0, expected at most ${MAX_HEADER_BYTES}`,
      DOWNLOAD_AGAIN,
    );
  }
  if (!fits) {
    throw fail(
      'SAFETENSORS_TRUNCATED',
      `${file}: header length ${jsonByteLength} at byte 0, expected at most the ${fileByteLength - LENGTH_FIELD_BYTES} bytes that follow`,
      DOWNLOAD_AGAIN,
    );
  }
  if (jsonByteLength < 2n) {
    throw fail(
      'SAFETENSORS_HEADER',
      `${file}: header length ${jsonByteLength} at byte 0, expected at least 2`,
      DOWNLOAD_AGAIN,
    );
  }
  return LENGTH_FIELD_BYTES + Number(jsonByteLength);
}

/**
 * Parses a header and checks it against the file's real size: every tensor's bytes equal shape × dtype, and the tensors
 * cover the data without hole, overlap or remainder.
 *
 * @param bytes the file's first bytes, {@link readHeaderByteLength} of them or more
 * @param fileByteLength the whole file's size
 * @param name the file's name for messages
 * @throws NOT_SAFETENSORS, SAFETENSORS_HEADER, SAFETENSORS_TENSOR, SAFETENSORS_TRUNCATED, LIMIT_EXCEEDED,
 *   INVALID_ARGUMENT when `bytes` does not hold the header
 * @see https://huggingface.co/docs/safetensors/index#format
 */
export function parseHeader(bytes: Uint8Array, fileByteLength: number, name: string): SafetensorsHeader {
  const headerByteLength = readHeaderByteLength(bytes, fileByteLength, name);
  const file = escapeControls(name);
  if (bytes.byteLength < headerByteLength) {
    throw fail(
      'INVALID_ARGUMENT',
      `${file}: ${bytes.byteLength} bytes given, expected the ${headerByteLength} of the header`,
    );
  }
  const { tensors, metadata } = readEntries(bytes, headerByteLength, file);
  checkCoverage(tensors, headerByteLength, fileByteLength, file);
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), metadata, headerByteLength };
}

/** The entries, ordered by place. Text that is no JSON may still be a known format whose first bytes look like a length. */
function readEntries(bytes: Uint8Array, headerByteLength: number, file: string) {
  try {
    const entries = readHeaderEntries(bytes, headerByteLength, file);
    return { ...entries, tensors: entries.tensors.sort(byOffset) };
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    refuseForeignFormat(bytes, file);
    throw fail('SAFETENSORS_HEADER', `${file}: ${error.message}`, DOWNLOAD_AGAIN);
  }
}

/** Orders tensors by their first byte, then by their last, so that an empty tensor comes before the one that starts at the same place. */
function byOffset(left: TensorInfo, right: TensorInfo): number {
  return left.byteOffset - right.byteOffset || left.byteLength - right.byteLength;
}

/** The tensors, in order of offset, must follow each other from the end of the header to the end of the file. */
function checkCoverage(tensors: readonly TensorInfo[], dataByteOffset: number, fileByteLength: number, file: string) {
  let expected = dataByteOffset;
  let previous = 'the header';
  for (const { name, byteOffset, byteLength } of tensors) {
    if (byteOffset !== expected) {
      const kind = byteOffset > expected ? 'a hole before' : 'an overlap of the tensor before with';
      throw fail(
        'SAFETENSORS_TENSOR',
        `${file}: ${kind} tensor ${quote(name)}, which starts at byte ${byteOffset}, expected byte ${expected} where ${previous} ends`,
        WRITE_AGAIN,
      );
    }
    expected = byteOffset + byteLength;
    previous = quote(name);
  }
  if (fileByteLength < expected) {
    throw fail(
      'SAFETENSORS_TRUNCATED',
      `${file}: ${fileByteLength} bytes, expected ${expected}: the last ${expected - fileByteLength} are missing`,
      DOWNLOAD_AGAIN,
    );
  }
  if (fileByteLength > expected) {
    throw fail(
      'SAFETENSORS_HEADER',
      `${file}: ${fileByteLength} bytes, expected ${expected}: ${fileByteLength - expected} after the last tensor belong to none`,
      DOWNLOAD_AGAIN,
    );
  }
}

function refuseForeignFormat(bytes: Uint8Array, file: string): void {
  const foreign = recogniseFormat(bytes);
  if (foreign === null || foreign.id === 'safetensors') return;
  throw fail('NOT_SAFETENSORS', `${file}: found ${foreign.what}, expected a safetensors file`, foreign.suggest(file));
}

function fail(code: ErrorCode, message: string, suggestion?: string): ToolkitError {
  return new ToolkitError(code, message, { suggestions: suggestion === undefined ? [] : [suggestion] });
}
