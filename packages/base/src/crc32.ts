// CRC-32 as zip archives have it.

import { platform } from '#platform';

/** CRC-32 of bytes. @param crc of the bytes before them; default 0, for the first */
export function crc32(bytes: Uint8Array, crc = 0): number {
  return platform.crc32(bytes, crc);
}
