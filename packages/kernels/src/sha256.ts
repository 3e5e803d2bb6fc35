// SHA-256 of bytes that arrive in pieces, on a thread of its own if the platform has compiled code for it.

import { createSha256 } from '@llama-ts/base';
import { platform } from '#platform';
import type { Sha256 } from './platform/platform.js';

let open: (() => Sha256) | null = null;

/**
 * Starts a digest.
 *
 * @example
 * const hash = startSha256();
 * await hash.update(bytes);
 * const digest = await hash.digest();
 */
export function startSha256(): Sha256 {
  open ??= platform.nativeSha256() ?? onCallersThread;
  return open();
}

/** One digest after the other. */
function onCallersThread(): Sha256 {
  const hash = createSha256();
  return {
    async update(bytes) {
      hash.update(bytes);
    },
    digest: async () => hash.digest(),
  };
}
