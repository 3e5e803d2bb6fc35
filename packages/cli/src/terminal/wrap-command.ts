// Breaks commands between their words, so that what a terminal shows can be copied and typed.

import { asCalled } from './as-called.js';
import { textWidth } from './text-width.js';
import { wrapWords } from './wrap-words.js';

/** Programs that suggestions call, after variables that they set. */
const PROGRAMS =
  'llama export unset cat cd chmod cp df echo git grep gunzip head hf iconv ln ls mkdir mv node npm npx printf python3 rm sed split';
const COMMAND = new RegExp(`^(?:[A-Z][A-Z0-9_]*=\\S+ )*(?:${PROGRAMS.replaceAll(' ', '|')})(?: |$)`);
/** Words with what is quoted in them. */
const SHELL_WORDS = /(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/gs;
const HANG = 2;
/** Ends a line that the next one continues. */
const ENDING = ' \\';
/** The shells of Windows have no common way to continue a line. */
const canContinue = process.platform !== 'win32';

/** Where the command of a text begins: at its start or after a colon; -1 for words alone. */
function commandStart(text: string): number {
  for (let start = 0; ; ) {
    if (COMMAND.test(text.slice(start))) return start;
    const colon = text.indexOf(': ', start);
    if (colon < 0) return -1;
    start = colon + 2;
  }
}

/** The words of a command as a shell reads them. */
export function shellWords(command: string): string[] {
  return (command.match(SHELL_WORDS) ?? []).map((word) =>
    word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs, (_, single, double, escaped) =>
      String(single ?? double?.replace(/\\(["$`\\])/g, '$1') ?? escaped),
    ),
  );
}

/**
 * A command of at most `width` columns a line, the first `offset` columns shorter; a line that goes on ends in a backslash.
 * Quoted words stay whole, and a flag stays with its value.
 */
export function wrapCommand(command: string, width: number, offset = 0): string {
  if (offset + textWidth(command) <= width || !canContinue) return command;
  const lines: string[] = [];
  let line = '';
  const parts = commandParts(command);
  for (const [i, part] of parts.entries()) {
    const room = width - (lines.length === 0 ? offset : 0) - (i === parts.length - 1 ? 0 : ENDING.length);
    if (line.trim() !== '' && textWidth(`${line} ${part}`) > room) {
      lines.push(line);
      line = ' '.repeat(HANG) + part;
    } else {
      line += line === '' ? part : ` ${part}`;
    }
  }
  return [...lines.map((done) => done + ENDING), line].join('\n');
}

/** Words of a command as they are typed, flags with what may be their value. */
function commandParts(command: string): string[] {
  const parts: string[] = [];
  for (const word of command.match(SHELL_WORDS) ?? []) {
    const before = parts.at(-1);
    if (before !== undefined && /^--?[a-z][\w-]*$/i.test(before) && !word.startsWith('-'))
      parts.push(`${parts.pop()} ${word}`);
    else parts.push(word);
  }
  return parts;
}

/**
 * Words with a command at their end, in lines that begin with `indent`: in one if they fit, else the command below the words,
 * but next to a single one.
 */
export function wrapAdvice(advice: string, width: number, indent = ''): string {
  const text = asCalled(advice);
  if (textWidth(indent + text) <= width) return indent + text;
  const start = commandStart(text);
  if (start < 0) return wrapWords(indent + text, width, { hang: HANG });
  const words = text.slice(0, start);
  const command = text.slice(start);
  if (/^\S* ?$/.test(words)) {
    const wrapped = wrapCommand(command, width - indent.length, words.length);
    return indent + words + wrapped.replaceAll('\n', `\n${indent}`);
  }
  const margin = indent + ' '.repeat(HANG);
  const below = wrapCommand(command, width - margin.length).replace(/^/gm, margin);
  return `${wrapWords(indent + words.trimEnd(), width, { hang: HANG })}\n${below}`;
}
