// The escapes of string literals: Python's, since jinja2 reads them by its `unicode-escape`.

import { fault } from './errors.js';
import { make } from './meter.js';

const ESCAPE = /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([xuUN])|(\n)|([\s\S]))/g;
const NAMED: Readonly<Record<string, string>> = {
  ...{ '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};
const MAX_CODE_POINT = 0x10ffff;
/** The cost of an escape, for each of its characters. */
const CHARACTERS_PER_CHARACTER = 16;

/** @throws TemplateFault SyntaxError for half an escape */
export function unescapeString(source: string, line: number): string {
  if (!source.includes('\\')) return source;
  make(CHARACTERS_PER_CHARACTER * source.length);
  return source.replace(ESCAPE, (whole, octal, byte, short, long, broken, newline, other) => {
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    const hex = byte ?? short ?? long;
    if (hex !== undefined) {
      const code = Number.parseInt(hex, 16);
      return code > MAX_CODE_POINT
        ? fault('SyntaxError', `line ${line}: illegal Unicode character`)
        : String.fromCodePoint(code);
    }
    if (broken !== undefined) return fault('SyntaxError', `line ${line}: cannot read the escape ${whole} in a string`);
    if (newline !== undefined) return '';
    return NAMED[other] ?? whole;
  });
}
