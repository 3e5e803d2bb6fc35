// Watches stdout and stderr: a disk that is full must neither end the command in a stack trace nor go unnoticed.

import { fstatSync, writeSync } from 'node:fs';
import { ToolkitError } from '@llama-ts/base';

/** Codes of a reader that has left, as in `llama run | head`: no failure. */
const READER_LEFT = ['EPIPE', 'ERR_STREAM_DESTROYED'];
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const STDOUT = 1;

let lost: ToolkitError | null = null;

/** The error that lost output to stdout, if the user should know of it; null if everything written arrived. */
export function lostOutput(): ToolkitError | null {
  return lost;
}

/** Call this once, before anything is written. */
export function watchOutput(): void {
  // oclif's own listener throws every error but EPIPE, where nothing can catch it.
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!READER_LEFT.includes(error.code ?? '')) lost ??= describeOutputFailure(error);
  });
  // If stderr fails, there is no place left for a message.
  process.stderr.on('error', () => undefined);
  if (isFile(STDOUT)) writeWholeChunks(process.stdout);
}

/** Waits until stdout has taken, or refused, what was written to it. */
export async function settleOutput(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.stdout.write('', () => resolve());
  });
}

/** Names a failure to write to stdout. */
function describeOutputFailure(error: NodeJS.ErrnoException): ToolkitError {
  if (FULL.includes(error.code ?? '')) {
    return new ToolkitError('DISK_FULL', `stdout: no space left on its disk (write: ${error.code})`, {
      suggestions: ['free some space, or redirect the output to a file on another disk'],
      cause: error,
    });
  }
  return new ToolkitError('WRITE_FAILED', `stdout: cannot be written (write: ${error.code ?? error.message})`, {
    suggestions: ['redirect the output to a file, and look at that'],
    cause: error,
  });
}

/** Node writes a chunk to a file in one call, and reports success even if a full disk took only a part of it. */
function writeWholeChunks(stream: NodeJS.WriteStream): void {
  stream._write = (chunk: Uint8Array | string, _encoding, done): void => {
    try {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let at = 0; at < bytes.byteLength; ) {
        const nWritten = writeSync(STDOUT, bytes, at);
        if (nWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO', syscall: 'write' });
        at += nWritten;
      }
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
