// Whether a request brings a key. Keys are compared by their digests, in a time that does not depend on them.

import { createHash, timingSafeEqual } from 'node:crypto';

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
    return digests.flatMap((known) => given.map((one) => timingSafeEqual(known, one))).includes(true);
  };
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
