// Wrong answers to a request for a file, of every kind that a hub, a cache or a network may come up with.

import { gzipSync } from 'node:zlib';
import { pick, type Random } from '../random-text.js';
import { noise } from './fake-repo.js';
import type { FileAnswer } from './faults.js';

/** What a forger may use. */
export interface ForgeContext {
  readonly random: Random;
  /** The bytes of another file. */
  readonly other: { readonly bytes: Uint8Array; readonly etag: string; readonly path: string };
}

/** Makes a wrong answer from the right one. */
export type Forger = (right: FileAnswer, context: ForgeContext) => FileAnswer;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const below = (random: Random, n: number): number => Math.floor(random() * n);

/** Another body, of which the headers know. */
function withBody({ status, headers, body: _, ...rest }: FileAnswer, body: Uint8Array): FileAnswer {
  return { ...rest, status, headers: { ...headers, 'content-length': String(body.byteLength) }, body };
}

function withHeaders(answer: FileAnswer, headers: Readonly<Record<string, string>>): FileAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** A body as long as the right one, and another. */
function changed(right: FileAnswer, change: (body: Uint8Array) => void): FileAnswer {
  const body = right.body.slice();
  change(body);
  if (body.byteLength > 0 && Buffer.compare(body, right.body) === 0) body[0]! ^= 1;
  return { ...right, body };
}

/** Answers with a file in them. */
export const fileForgers: Readonly<Record<string, Forger>> = {
  'a flipped bit': (right, { random }) =>
    changed(right, (body) => {
      body[below(random, body.byteLength)]! ^= 1 << below(random, 8);
    }),
  'flipped bytes': (right, { random }) =>
    changed(right, (body) => {
      for (let i = 0; i < 5; i++) body[below(random, body.byteLength)]! ^= 0xff;
    }),
  'a block of zeros': (right, { random }) =>
    changed(right, (body) => {
      body.fill(0, below(random, body.byteLength), below(random, body.byteLength + 1));
    }),
  'halves the other way round': (right) =>
    changed(right, (body) => {
      const half = body.byteLength >> 1;
      body.set(right.body.subarray(half), 0);
      body.set(right.body.subarray(0, half), body.byteLength - half);
    }),
  'all bytes one place later': (right) => changed(right, (body) => body.copyWithin(1, 0)),
  'noise of the right length': (right, { random }) =>
    changed(right, (body) => body.set(noise(body.byteLength, 1 + below(random, 1e9)))),
  'another file': (right, { other }) => withBody(right, other.bytes),
  'another file cut or padded to the length': (right, { other }) =>
    changed(right, (body) => {
      body.fill(0x20);
      body.set(other.bytes.subarray(0, body.byteLength));
    }),
  'another file under its own etag': (right, { other }) =>
    withHeaders(withBody(right, other.bytes), { etag: `"${other.etag}"`, 'x-linked-etag': `"${other.etag}"` }),
  'a body cut short that claims to be whole': (right, { random }) =>
    withBody(right, right.body.subarray(0, below(random, right.body.byteLength))),
  'a body shorter than its length': (right, { random }) => ({
    ...right,
    body: right.body.subarray(0, below(random, right.body.byteLength)),
  }),
  'bytes after the end': (right, { random }) => withBody(right, joined(right.body, noise(1 + below(random, 900), 5))),
  'bytes after the end that the length denies': (right) => ({ ...right, body: joined(right.body, noise(50, 6)) }),
  'the body twice': (right) => withBody(right, joined(right.body, right.body)),
  nothing: (right) => withBody(right, new Uint8Array(0)),
  'nothing, without a length': ({ status, headers: { 'content-length': _, ...headers } }) => ({
    status,
    headers,
    body: new Uint8Array(0),
  }),
  'half, without a length': ({ status, headers: { 'content-length': _, ...headers }, body }) => ({
    status,
    headers,
    body: body.subarray(0, body.byteLength >> 1),
  }),
  'a page': (right) =>
    withHeaders(withBody({ ...right, status: 200 }, bytesOf('<!doctype html><title>Sign in</title>')), {
      'content-type': 'text/html; charset=utf-8',
    }),
  'a page of the right length, under the type of the file': (right) =>
    changed(right, (body) => {
      body.fill(0x20);
      body.set(bytesOf('<!doctype html>').subarray(0, body.byteLength));
    }),
  'an error in JSON with status 200': (right) =>
    withHeaders(withBody({ ...right, status: 200 }, bytesOf('{"error":"Internal"}')), {
      'content-type': 'application/json',
    }),
  'a git-lfs pointer': (right) =>
    withBody(right, bytesOf('version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n')),
  'what git hashes': (right) => withBody(right, joined(bytesOf(`blob ${right.body.byteLength}\0`), right.body)),
  'a gzip body that is not named one': (right) => withBody(right, gzipSync(right.body)),
  'a body named gzip that is none': (right) => withHeaders(right, { 'content-encoding': 'gzip' }),
  'a gzip body of other bytes': (right, { random }) => {
    const { body } = changed(right, (bytes) => {
      bytes[below(random, bytes.byteLength)]! ^= 4;
    });
    return withHeaders(withBody(right, gzipSync(body)), { 'content-encoding': 'gzip' });
  },
  'a gzip body of more bytes': (right) =>
    withHeaders(withBody(right, gzipSync(joined(right.body, right.body))), { 'content-encoding': 'gzip' }),
  'a gzip body that ends early': (right) => {
    const zipped = gzipSync(right.body);
    return withHeaders(withBody(right, zipped.subarray(0, zipped.byteLength >> 1)), { 'content-encoding': 'gzip' });
  },
  'an unknown encoding': (right, { other }) =>
    withHeaders(withBody(right, other.bytes), { 'content-encoding': 'x-secret' }),
  'a range that was not requested': (right) =>
    withHeaders(
      { ...right, status: 206 },
      { 'content-range': `bytes 7-${6 + right.body.byteLength}/${7 + right.body.byteLength}` },
    ),
  'a range without saying which': ({ status: _, headers: { 'content-range': __, ...headers }, body }) => ({
    status: 206,
    headers,
    body,
  }),
  'a range of a file of another size': (right) =>
    withHeaders({ ...right, status: 206 }, { 'content-range': `bytes 0-${right.body.byteLength - 1}/99999999` }),
  'a range with numbers out of range': (right) =>
    withHeaders({ ...right, status: 206 }, { 'content-range': 'bytes 0-18446744073709551615/18446744073709551616' }),
  'several ranges in one': (right) =>
    withHeaders({ ...right, status: 206 }, { 'content-type': 'multipart/byteranges; boundary=x' }),
  'other bytes under the right range': (right, { other }) =>
    changed(right, (body) => body.set(other.bytes.subarray(0, body.byteLength))),
  'a success that is none': (right, { random }) => ({ ...right, status: pick(random, [201, 202, 203, 226]) }),
};

/** Redirects to a file. */
export const redirectForgers: Readonly<Record<string, Forger>> = {
  'a redirect to another file': (right, { other }) =>
    withHeaders(right, { location: right.headers.location!.replace(/[^/]+\?/, `${other.path}?`) }),
  'a redirect to itself under another etag': (right, { other }) =>
    withHeaders(right, { etag: `"${other.etag}"`, 'x-linked-etag': `"${other.etag}"`, 'x-linked-size': '1' }),
  'a redirect without a target': ({ status, headers: { location: _, ...headers }, body }) => ({
    status,
    headers,
    body,
  }),
  'other bytes in place of a redirect': (right, { other }) => withBody({ ...right, status: 200 }, other.bytes),
};
