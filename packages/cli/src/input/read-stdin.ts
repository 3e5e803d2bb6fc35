// Reads a prompt that is piped in.

import { fstatSync } from 'node:fs';
import { commandLine, ToolkitError } from '@llama-ts/base';

/** Far above what fits into any context, far below what memory holds. */
const MAX_BYTES = 64 * 1024 * 1024;
const STDIN = 0;

/**
 * All of stdin as text, without the newline at its end that `echo` adds; null on a terminal.
 *
 * @param signal ends the wait for more
 * @throws ToolkitError `BAD_PROMPT` for bytes that are not UTF-8, `FILE_UNREADABLE`, `LIMIT_EXCEEDED`; the signal's reason
 */
export async function readStdin(signal: AbortSignal): Promise<string | null> {
  if (process.stdin.isTTY) return null;
  const chunks: Buffer[] = [];
  let byteLength = 0;
  for await (const chunk of stdinChunks(signal)) {
    chunks.push(chunk);
    byteLength += chunk.byteLength;
    if (byteLength > MAX_BYTES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `stdin: more than ${MAX_BYTES} bytes, expected a prompt`);
    }
  }
  return decodeUtf8(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

/** Chunks of stdin as they arrive. @throws ToolkitError `FILE_UNREADABLE`; the signal's reason */
export async function* stdinChunks(signal: AbortSignal): AsyncGenerator<Buffer, void> {
  signal.throwIfAborted();
  // Node reads a folder on stdin as empty input.
  if (isFolder(STDIN)) throw unreadable('is a folder');
  const stop = (): void => void process.stdin.destroy();
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of process.stdin) yield chunk as Buffer;
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw unreadable(`cannot be read (${String(error.syscall)}: ${(error as NodeJS.ErrnoException).code})`, error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** @throws ToolkitError `BAD_PROMPT` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ToolkitError('BAD_PROMPT', 'stdin: bytes that are not UTF-8, expected text', {
      suggestions: [`convert it: iconv -f LATIN1 -t UTF-8 PROMPT.txt | ${sameCommand()}`],
      cause,
    });
  }
}

function isFolder(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isDirectory();
  } catch {
    return false;
  }
}

function unreadable(found: string, cause?: unknown): ToolkitError {
  return new ToolkitError('FILE_UNREADABLE', `stdin: ${found}, expected text`, {
    suggestions: [`echo "Once upon a time" | ${sameCommand()}`],
    cause,
  });
}

/** The command that was typed, for a suggestion that pipes other input into it. */
function sameCommand(): string {
  return commandLine(['llama', ...process.argv.slice(2)]);
}
