// How Python writes values: `str` and `repr`.

import { fault } from './errors.js';
import { toArray } from './iterate.js';
import { checkNesting, make, scan, step } from './meter.js';
import { Text } from './text.js';
import {
  Callable,
  Dict,
  DictView,
  Float,
  Generator,
  Instance,
  List,
  Namespace,
  Range,
  Tuple,
  Undefined,
  type Value,
} from './values.js';

/** Python refuses to write longer ints, since that takes time with the square of the length. */
const MAX_DIGITS = 4300;
/** JavaScript looks for the shortest digits of a float. */
const FLOAT_STEPS = 6;

/** Python's `str(value)`. */
export function str(value: Value): Text {
  if (value instanceof Text) return value.as('str');
  return Text.data(value instanceof Undefined ? '' : repr(value));
}

/** markupsafe's `soft_str`: a `Markup` stays one. */
export function softStr(value: Value): Text {
  return value instanceof Text ? value : str(value);
}

/** Python's `repr(value)`. */
export function repr(value: Value, level = 0): string {
  checkNesting(level);
  step();
  const written = write(value, level);
  make(written.length);
  return written;
}

function write(value: Value, level: number): string {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return bigIntText(value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Text) return value.isMarkup ? `Markup(${quote(value.text)})` : quote(value.text);
  if (value instanceof List) return `[${list(value.items, level)}]`;
  if (value instanceof Tuple) return `(${list(value.items, level)}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof Dict) return dict(value.entries.values(), level);
  if (value instanceof DictView) return `${value.kind}([${list(toArray(value), level)}])`;
  if (value instanceof Range) {
    return `range(${value.start}, ${value.stop}${value.rise === 1 ? '' : `, ${value.rise}`})`;
  }
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Namespace) {
    const entries = Array.from(value.attributes, ([name, item]) => [Text.data(name), item] as const);
    return `<Namespace ${dict(entries, level)}>`;
  }
  if (value instanceof Generator) return `<${value.name} object>`;
  if (value instanceof Instance) return value.show();
  return value instanceof Callable && value.kind === 'macro'
    ? `<Macro ${quote(value.name)}>`
    : `<function ${value.name}>`;
}

function list(items: readonly Value[], level: number): string {
  return items.map((item) => repr(item, level + 1)).join(', ');
}

function dict(entries: Iterable<readonly [Value, Value]>, level: number): string {
  return `{${Array.from(entries, ([key, item]) => `${repr(key, level + 1)}: ${repr(item, level + 1)}`).join(', ')}}`;
}

export function bigIntText(value: bigint): string {
  const text = value.toString();
  step(text.length / 16);
  if (text.length > MAX_DIGITS) fault('ValueError', `an int of more than ${MAX_DIGITS} digits cannot be written`);
  return text;
}

/** Python's `repr` of a float: the shortest digits that read back as it, like JavaScript's, in other clothes. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  step(FLOAT_STEPS);
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  const sign = Object.is(value, -0) || value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${mantissa.replace('-', '')}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  const plain = String(Math.abs(value));
  return sign + (plain.includes('.') ? plain : `${plain}.0`);
}

const NOT_PRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A string in quotes as Python writes it. */
export function quote(text: string): string {
  scan(text.length);
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const slashed = text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`);
  return (
    mark +
    slashed.replace(NOT_PRINTABLE, (character) =>
      character === ' ' ? ' ' : (NAMED[character] ?? escaped(character)),
    ) +
    mark
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}

/** Python's `ascii(value)`. */
export function ascii(value: Value): string {
  return repr(value).replace(/[^\0-\x7f]/gu, escaped);
}
