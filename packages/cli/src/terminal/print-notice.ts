// Prints notices to stderr: wrapped at words in a terminal, unchanged elsewhere.

import { columnsOf } from './terminal.js';
import { visible } from './terminal-safe.js';
import { wrapAdvice } from './wrap-command.js';
import { wrapWords } from './wrap-words.js';

const ADVICE_INDENT = '  ';

/** Prints a notice; its further lines begin with two spaces and say what to type, which can then be copied. */
export function printNotice(text: string): void {
  process.stderr.write(`${wrapNotice(visible(text), columnsOf(process.stderr))}\n`);
}

/** A notice in lines of at most `columns` columns. */
export function wrapNotice(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) =>
      line.startsWith(ADVICE_INDENT)
        ? wrapAdvice(line.slice(ADVICE_INDENT.length), columns, ADVICE_INDENT)
        : wrapWords(line, columns),
    )
    .join('\n');
}
