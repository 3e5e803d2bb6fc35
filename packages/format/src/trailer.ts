// The trailer after the last weight: everything a model needs that the reference's format cannot express.
//
//   sections   each (u32 kind, u32 byte length, bytes, zeros up to a multiple of 8), in the order of `SectionKind`
//   footer     64 bytes: magic, u32 version, u32 zero, u64 trailer length, u64 weights end, sha256 of all before it

import { equalBytes, sha256 } from '@llama-ts/base';
import { ByteReader, badTrailer } from './bytes.js';
import { MAX_TRAILER_BYTES } from './limits.js';
import type { TokenizerData } from './tokenizer-data.js';
import { decodeDescription, encodeDescription, type ModelDescription } from './trailer-description.js';
import { decodeTokenizer, encodeTokenizer } from './trailer-tokenizer.js';

/** sha256 of the parts of a file. */
export interface Checksums {
  /** (32) of the header's bytes */
  readonly header: Uint8Array;
  /** (32) each, in the order of the layout: the tensor's values and scales */
  readonly tensors: readonly Uint8Array[];
}

/** The parts of a trailer. */
export interface Trailer {
  readonly description: ModelDescription;
  /** null for a model exported without one. */
  readonly tokenizer: TokenizerData | null;
  readonly checksums: Checksums;
}

/** The fields of the footer, which find and bound the trailer. */
export interface TrailerFooter {
  readonly trailerByteLength: number;
  readonly weightsEnd: number;
}

/** Bytes of the footer at the very end of a file. */
export const FOOTER_BYTES = 64;

const FOOTER_MAGIC = 'llama.ts';
const TRAILER_VERSION = 1;
/** Bytes of a sha256. */
export const SHA256_BYTES = 32;
const SectionKind = { description: 1, tokenizer: 2, checksums: 3 } as const;

/** The trailer of a file whose weights end at `weightsEnd`. */
export function encodeTrailer(trailer: Trailer, weightsEnd: number): Uint8Array {
  const sections = [
    encodeSection(SectionKind.description, encodeDescription(trailer.description)),
    ...(trailer.tokenizer === null ? [] : [encodeSection(SectionKind.tokenizer, encodeTokenizer(trailer.tokenizer))]),
    encodeSection(SectionKind.checksums, concatenate([trailer.checksums.header, ...trailer.checksums.tensors])),
  ];
  const body = concatenate(sections);
  const footer = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(footer.buffer);
  footer.set(new TextEncoder().encode(FOOTER_MAGIC));
  view.setUint32(8, TRAILER_VERSION, true);
  view.setBigUint64(16, BigInt(body.byteLength + FOOTER_BYTES), true);
  view.setBigUint64(24, BigInt(weightsEnd), true);
  const bytes = concatenate([body, footer]);
  bytes.set(sha256(bytes.subarray(0, bytes.byteLength - SHA256_BYTES)), bytes.byteLength - SHA256_BYTES);
  return bytes;
}

/**
 * Reads the footer of a file that goes on after its last weight.
 *
 * @param bytes the file's last {@link FOOTER_BYTES}
 * @param weightsEnd where the header says the weights end
 * @throws ToolkitError `BAD_TRAILER`
 */
export function decodeFooter(
  bytes: Uint8Array,
  weightsEnd: number,
  fileByteLength: number,
  name: string,
): TrailerFooter {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const excess = fileByteLength - weightsEnd;
  if (bytes.byteLength < FOOTER_BYTES || new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== FOOTER_MAGIC) {
    throw badTrailer(
      `${name}: ${excess} bytes after the last weight at byte ${weightsEnd}, expected none or a trailer`,
    );
  }
  const version = view.getUint32(8, true);
  if (version !== TRAILER_VERSION) throw badTrailer(`${name}: trailer version ${version}, expected ${TRAILER_VERSION}`);
  if (view.getUint32(12, true) !== 0) throw badTrailer(`${name}: trailer footer byte 12 is not zero`);
  const trailerByteLength = Number(view.getBigUint64(16, true));
  const saidWeightsEnd = Number(view.getBigUint64(24, true));
  if (saidWeightsEnd !== weightsEnd || trailerByteLength !== excess) {
    throw badTrailer(
      `${name}: trailer of ${trailerByteLength} bytes after byte ${saidWeightsEnd}, expected ${excess} after byte ${weightsEnd}`,
    );
  }
  if (trailerByteLength > MAX_TRAILER_BYTES) {
    throw badTrailer(`${name}: trailer of ${trailerByteLength} bytes, expected at most ${MAX_TRAILER_BYTES}`);
  }
  return { trailerByteLength, weightsEnd };
}

/**
 * Reads a whole trailer, footer included, and checks its own sha256.
 *
 * @param nTensors tensors of the layout, one checksum each
 * @throws ToolkitError `BAD_TRAILER`
 */
export function decodeTrailer(bytes: Uint8Array, nTensors: number, name: string): Trailer {
  const said = bytes.subarray(bytes.byteLength - SHA256_BYTES);
  if (!equalBytes(sha256(bytes.subarray(0, bytes.byteLength - SHA256_BYTES)), said)) {
    throw badTrailer(`${name}: the trailer does not have the sha256 it states`);
  }
  const sections = splitSections(bytes.subarray(0, bytes.byteLength - FOOTER_BYTES), name);
  const description = sections.get(SectionKind.description);
  const tokenizer = sections.get(SectionKind.tokenizer);
  const checksums = sections.get(SectionKind.checksums);
  if (description === undefined || checksums === undefined) {
    throw badTrailer(`${name}: trailer without a ${description === undefined ? 'description' : 'checksum'} section`);
  }
  return {
    description: decodeDescription(description, `${name}: trailer description`),
    tokenizer: tokenizer === undefined ? null : decodeTokenizer(tokenizer, `${name}: trailer tokenizer`),
    checksums: decodeChecksums(checksums, nTensors, `${name}: trailer checksums`),
  };
}

function encodeSection(kind: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + Math.ceil(content.byteLength / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, kind, true);
  view.setUint32(4, content.byteLength, true);
  bytes.set(content, 8);
  return bytes;
}

function splitSections(body: Uint8Array, name: string): Map<number, Uint8Array> {
  const sections = new Map<number, Uint8Array>();
  const reader = new ByteReader(body, `${name}: trailer`);
  let left = body.byteLength;
  let previousKind = 0;
  while (left > 0) {
    const kind = reader.uint32('a section kind');
    const byteLength = reader.uint32('a section length');
    if (kind <= previousKind || kind > SectionKind.checksums) {
      throw badTrailer(
        `${name}: trailer section of kind ${kind} after ${previousKind}, expected kinds 1 to 3 ascending`,
      );
    }
    const padding = (8 - (byteLength % 8)) % 8;
    sections.set(kind, reader.bytesOf(byteLength, `section ${kind}`));
    if (reader.bytesOf(padding, 'padding').some((byte) => byte !== 0)) {
      throw badTrailer(`${name}: trailer padding after section ${kind} is not zero`);
    }
    left -= 8 + byteLength + padding;
    previousKind = kind;
  }
  return sections;
}

function decodeChecksums(bytes: Uint8Array, nTensors: number, name: string): Checksums {
  if (bytes.byteLength !== SHA256_BYTES * (nTensors + 1)) {
    throw badTrailer(`${name}: ${bytes.byteLength} bytes, expected ${nTensors + 1} checksums of ${SHA256_BYTES}`);
  }
  const at = (i: number): Uint8Array => bytes.slice(SHA256_BYTES * i, SHA256_BYTES * (i + 1));
  return { header: at(0), tensors: Array.from({ length: nTensors }, (_, i) => at(i + 1)) };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
