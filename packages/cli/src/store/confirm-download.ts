// Says how large a download is before it begins, and asks where it is large.

import { createInterface } from 'node:readline';
import { byteSize, commandLine, ToolkitError } from '@llama-ts/base';

/** A smaller download takes seconds and is not asked about. */
const LARGE_BYTES = 100_000_000;

/** A download that has not begun. */
export interface PendingDownload {
  /** The model's name, as the user typed it. */
  readonly name: string;
  readonly downloadBytes: number;
  /** Most bytes of the file that is made. */
  readonly modelBytes: number;
}

/** Whom to ask. */
export interface ConfirmOptions {
  /** Whether it was agreed to already. */
  readonly isAgreed: boolean;
  readonly signal: AbortSignal;
}

/**
 * Asks on a terminal. Without one, a large download needs a flag: a job that downloads gigabytes by mistake costs more than
 * one that ends at once with what to type.
 *
 * @throws ToolkitError `NOT_CONFIRMED`; the signal's reason
 */
export async function confirmDownload(download: PendingDownload, { isAgreed, signal }: ConfirmOptions): Promise<void> {
  const { name, downloadBytes, modelBytes } = download;
  if (isAgreed || downloadBytes < LARGE_BYTES) return;
  const what = `${byteSize(downloadBytes)} to download, ${byteSize(modelBytes)} to keep`;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new ToolkitError('NOT_CONFIRMED', `${name}: ${what}, and no terminal to ask on, expected --yes`, {
      suggestions: ['--yes', `as a step of its own: ${commandLine(['llama', 'pull', name])}`],
    });
  }
  if (await agrees('download it? [Y/n] ', signal)) return;
  throw new ToolkitError('NOT_CONFIRMED', `${name}: was not downloaded`);
}

/** Enter is yes; the end of the input is no. */
async function agrees(question: string, signal: AbortSignal): Promise<boolean> {
  // A readline terminal would take Ctrl-C for itself: without one it is the signal that ends the command.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      lines.once('close', () => resolve('no'));
      lines.question(question, resolve);
    });
    return /^\s*(?:y|yes)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
