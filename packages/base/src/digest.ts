// SHA-256 of bytes, at once or piece by piece.

import { platform } from '#platform';
import type { Digest } from './platform/platform.js';

/** Begins a SHA-256. @example createSha256().update(header).update(body).digest() */
export function createSha256(): Digest {
  return platform.createSha256();
}

/** sha256 of bytes, (32). */
export function sha256(bytes: Uint8Array): Uint8Array {
  return createSha256().update(bytes).digest();
}
