// Whether a request brings a key. Keys are compared by their digests, in a time that does not depend on them.

import { sha256 } from '@llama-ts/base';

/** Whether a request's `Authorization` or `x-api-key` header holds a key. */
export type KeyRule = (headers: Headers) => boolean;

/** @param keys any of them will do; none lets every request in */
export function createKeyRule(keys: readonly string[]): KeyRule {
  const digests = keys.map(digest);
  return (headers) => {
    if (digests.length === 0) return true;
    const bearer = /^Bearer +(.+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
    const given = [bearer, headers.get('x-api-key') ?? ''].map(digest);
    // All are compared, so that the time does not tell which one it was.
    return digests.flatMap((known) => given.map((one) => isSameDigest(known, one))).includes(true);
  };
}

function digest(key: string): Uint8Array {
  return sha256(new TextEncoder().encode(key));
}

/** Looks at all bytes, whichever differs. */
function isSameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((difference, byte, i) => difference | (byte ^ b[i]!), 0) === 0;
}
