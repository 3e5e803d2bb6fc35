// CRC-32 in TypeScript, for browsers.
//
// @see https://www.w3.org/TR/png-3/#samplecrc

const POLYNOMIAL = 0xedb88320;

/** What each byte adds. (256) */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
  return crc;
});

/** CRC-32 of bytes that follow those whose CRC is `crc`. */
export function plainCrc32(bytes: Uint8Array, crc: number): number {
  let state = ~crc;
  for (let i = 0; i < bytes.byteLength; i++) state = table[(state ^ bytes[i]!) & 0xff]! ^ (state >>> 8);
  return ~state >>> 0;
}
