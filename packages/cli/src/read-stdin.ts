// Reads a prompt that is piped in.

import { ToolkitError } from '@llama-ts/format';

/** Far above what fits into any context, far below what memory holds. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * All of stdin as text, without the newline at its end that `echo` adds; null on a terminal.
 *
 * @throws ToolkitError `BAD_PROMPT` for bytes that are not UTF-8, `LIMIT_EXCEEDED`
 */
export async function readStdin(): Promise<string | null> {
  if (process.stdin.isTTY) return null;
  const chunks: Buffer[] = [];
  let byteLength = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    byteLength += (chunk as Buffer).byteLength;
    if (byteLength > MAX_BYTES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `stdin: more than ${MAX_BYTES} bytes, expected a prompt`);
    }
  }
  return decodeUtf8(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

/** @throws ToolkitError `BAD_PROMPT` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ToolkitError('BAD_PROMPT', 'stdin: bytes that are not UTF-8, expected text', {
      suggestions: ['convert it: iconv -f LATIN1 -t UTF-8 prompt.txt | llama run'],
      cause,
    });
  }
}
