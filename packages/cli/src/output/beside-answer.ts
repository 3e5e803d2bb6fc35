// Keeps notices apart from an answer that reaches the same terminal through another program, as in `llama run | cat`.

import { fstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How long the program that reads our stdout gets to show the end of the answer. */
const READER_MS = 50;
const STDOUT = 1;

/** What a notice after an answer begins with: a new line, where the answer's last line may not have been ended. */
export async function besideAnswer(): Promise<string> {
  if (!process.stderr.isTTY || process.stdout.isTTY || !isPipe()) return '';
  await delay(READER_MS);
  return '\n';
}

function isPipe(): boolean {
  try {
    return fstatSync(STDOUT).isFIFO();
  } catch {
    return false;
  }
}
