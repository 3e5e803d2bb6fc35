// `'{} of {n:>3}'.format(…)`: Python's format strings and format specifications.

import { fault } from './errors.js';
import { escapeMarkup } from './markup.js';
import { checkNesting, make, scan, step } from './meter.js';
import { checkWidth, floatDigits, grouped, intDigits, isNegative, plainNumber, toDouble } from './number-format.js';
import { ascii, repr, str } from './python-repr.js';
import { Text } from './text.js';
import { Float, type Keywords, typeName, type Value } from './values.js';

/** How a field is looked up in a value: as jinja2's sandbox does. */
export interface Lookups {
  readonly getAttribute: (value: Value, name: string) => Value;
  readonly getItem: (value: Value, key: Value) => Value;
}

interface State extends Lookups {
  readonly args: readonly Value[];
  readonly keywords: Keywords;
  readonly isMarkup: boolean;
  /** Number of the next field without a name; null once a field has a number. */
  next: number | null;
}

/** Python's `format.format(*args, **keywords)`. */
export function formatBraces(format: Text, args: readonly Value[], keywords: Keywords, lookups: Lookups): Text {
  const state: State = { ...lookups, args, keywords, isMarkup: format.isMarkup, next: 0 };
  return expand(format, state, 0).as(format.isMarkup ? 'Markup' : 'str');
}

function expand(format: Text, state: State, level: number): Text {
  if (level > 2) fault('ValueError', 'Max string recursion exceeded');
  const { text } = format;
  const parts: Text[] = [];
  for (let i = 0; i < text.length; ) {
    step();
    const brace = text.slice(i).search(/[{}]/);
    if (brace > 0) parts.push(format.slice(i, i + brace));
    if (brace < 0) {
      parts.push(format.slice(i));
      break;
    }
    i += brace;
    if (text[i] === text[i + 1]) {
      parts.push(format.slice(i, i + 1));
      i += 2;
    } else if (text[i] === '}') {
      fault('ValueError', "Single '}' encountered in format string");
    } else {
      const end = fieldEnd(text, i);
      parts.push(field(format.slice(i + 1, end), state, level));
      i = end + 1;
    }
  }
  return parts.length === 0 ? format.slice(0, 0) : Text.join(parts);
}

/** Position of the brace that closes a field. */
function fieldEnd(text: string, start: number): number {
  let level = 0;
  let hasColon = false;
  let mayHaveBracket = true;
  for (let i = start; i < text.length; i++) {
    hasColon ||= text[i] === ':';
    if (text[i] === '[' && level === 1 && !hasColon && mayHaveBracket) {
      const close = text.indexOf(']', i);
      mayHaveBracket = close > 0;
      if (mayHaveBracket) {
        hasColon ||= text.slice(i, close).includes(':');
        i = close;
      }
    }
    if (text[i] === '{') level++;
    if (text[i] === '}' && --level === 0) {
      scan(i - start);
      return i;
    }
  }
  return fault('ValueError', "expected '}' before end of string");
}

function field(source: Text, state: State, level: number): Text {
  const { text } = source;
  const [, name = '', conversion, spec] =
    /^((?:\[[^\]]*\]?|[^![:])*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(text) ?? fault('ValueError', 'bad field');
  const value = converted(lookUp(name, state), conversion);
  const specText = spec === undefined ? '' : expand(source.slice(text.length - spec.length), state, level + 1).text;
  return formatValue(value, specText, state.isMarkup);
}

function lookUp(name: string, state: State): Value {
  const first = /^[^.[]*/.exec(name)![0];
  let value = firstValue(first, state);
  const rest = name.slice(first.length);
  let end = 0;
  for (const match of rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
    if (match.index !== end) fault('ValueError', "Only '.' or '[' may follow ']' in format field specifier");
    end = match.index + match[0].length;
    const [, attribute, item] = match;
    if (attribute !== undefined) value = state.getAttribute(value, attribute);
    else value = state.getItem(value, /^\d+$/.test(item!) ? Number(item) : Text.data(item!));
  }
  if (end !== rest.length) fault('ValueError', 'Empty attribute in format string');
  return value;
}

function firstValue(first: string, state: State): Value {
  if (first !== '' && !/^\d+$/.test(first)) {
    return state.keywords.get(first) ?? (state.keywords.has(first) ? null : fault('KeyError', first));
  }
  if ((first === '') !== (state.next !== null) && !(state.next === 0 && first !== '')) {
    fault('ValueError', 'cannot mix manual field specification and automatic field numbering');
  }
  const index = first === '' ? state.next! : Number(first);
  state.next = first === '' ? index + 1 : null;
  const value = state.args[index];
  return value === undefined
    ? fault('IndexError', `Replacement index ${index} out of range for positional args tuple`)
    : value;
}

function converted(value: Value, conversion: string | undefined): Value {
  switch (conversion) {
    case undefined:
      return value;
    case 's':
      return str(value);
    case 'r':
      return Text.data(repr(value));
    case 'a':
      return Text.data(ascii(value));
    default:
      return fault('ValueError', `Unknown conversion specifier ${conversion}`);
  }
}

const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([a-zA-Z%])?$/u;

function formatValue(value: Value, spec: string, isMarkup: boolean): Text {
  checkNesting(0);
  if (spec === '') return isMarkup ? escapeMarkup(value).as('str') : str(value);
  const match = SPEC.exec(spec);
  if (match === null) return fault('ValueError', `Invalid format specifier '${spec}'`);
  const [, fill, align, sign, , hash, zero, width, separator, precision, form] = match;
  const least = Number(width ?? 0);
  checkWidth(least);
  if (value instanceof Text) {
    if (sign !== undefined || hash !== undefined || separator !== undefined || align === '=') {
      return fault('ValueError', `format specifier '${spec}' is not allowed for strings`);
    }
    if (form !== undefined && form !== 's')
      return fault('ValueError', `Unknown format code '${form}' for object of type 'str'`);
    const most = precision === undefined ? value.nCodePoints : Math.min(Number(precision), value.nCodePoints);
    return padded(
      value.slice(0, value.unitOf(most)).as('str'),
      fill ?? (zero !== undefined ? '0' : ' '),
      align ?? '<',
      least,
    );
  }
  if (typeof value !== 'boolean' && toDouble(value) === null) {
    return fault('TypeError', `unsupported format string passed to ${typeName(value)}.__format__`);
  }
  const [prefix, digits, suffix] = numberParts(value, { form, precision, separator, hash });
  const isBelow =
    value instanceof Float
      ? isNegative(value.value)
      : isNegative(typeof value === 'boolean' ? Number(value) : (value as number | bigint));
  const signText = (isBelow ? '-' : sign === '+' ? '+' : sign === ' ' ? ' ' : '') + prefix;
  const filling = fill ?? (zero !== undefined ? '0' : ' ');
  if ((align ?? (zero !== undefined ? '=' : '>')) === '=') {
    const room = least - signText.length - suffix.length;
    return Text.data(signText + zeroPadded(digits, filling, room, separator) + suffix);
  }
  return padded(Text.data(signText + digits + suffix), filling, align ?? '>', least);
}

function zeroPadded(digits: string, fill: string, room: number, separator: string | undefined): string {
  if (separator === undefined || fill !== '0') return fill.repeat(Math.max(0, room - digits.length)) + digits;
  const [whole = '', ...rest] = digits.split(/(?=[.e])/);
  const tail = rest.join('');
  const plain = whole.replaceAll(separator, '');
  // Every fourth character is a separator, and a number does not begin with one.
  const width = room - tail.length;
  const nDigits = width - Math.floor(width / 4) + (width % 4 === 0 ? 1 : 0);
  return grouped(plain.padStart(nDigits, '0'), separator, 3) + tail;
}

interface NumberForm {
  readonly form: string | undefined;
  readonly precision: string | undefined;
  readonly separator: string | undefined;
  readonly hash: string | undefined;
}

function numberParts(
  value: Value,
  { form, precision, separator, hash }: NumberForm,
): [prefix: string, digits: string, suffix: string] {
  const isFloatForm = value instanceof Float || (form !== undefined && 'fFeEgG%'.includes(form));
  if (!isFloatForm) {
    if (precision !== undefined) fault('ValueError', 'Precision not allowed in integer format specifier');
    const number = typeof value === 'boolean' ? Number(value) : (value as number | bigint);
    if (form === 'c') return ['', String.fromCodePoint(Number(number)), ''];
    const base = { b: 2, o: 8, x: 16, X: 16, d: 10, n: 10 }[form ?? 'd'] as 2 | 8 | 10 | 16 | undefined;
    if (base === undefined) return fault('ValueError', `Unknown format code '${form}' for object of type 'int'`);
    if (separator === ',' && base !== 10) fault('ValueError', `Cannot specify ',' with '${form}'.`);
    const digits = intDigits(number, base);
    const written = form === 'X' ? digits.toUpperCase() : digits;
    const prefix = hash !== undefined && base !== 10 ? `0${form}` : '';
    return [prefix, separator === undefined ? written : grouped(written, separator, base === 10 ? 3 : 4), ''];
  }
  const number = toDouble(value)!;
  if (form !== undefined && !'fFeEgGn%'.includes(form))
    fault('ValueError', `Unknown format code '${form}' for object of type 'float'`);
  const digits = floatText(value, number, form, precision, hash !== undefined);
  const [whole = '', ...rest] = digits.split(/(?=[.e])/);
  const text = separator === undefined ? digits : grouped(whole, separator, 3) + rest.join('');
  return ['', text, form === '%' ? '%' : ''];
}

function floatText(
  value: Value,
  number: number,
  form: string | undefined,
  precision: string | undefined,
  keeps: boolean,
): string {
  const most = precision === undefined ? 6 : Number(precision);
  if (form === '%') return floatDigits(number * 100, 'f', most, keeps);
  if (form === 'n') return floatDigits(number, 'g', most, keeps);
  if (form !== undefined) return floatDigits(number, form, most, keeps);
  if (precision === undefined) return plainNumber(value);
  const digits = floatDigits(number, 'g', Math.max(1, most), keeps);
  // Without a form, a float keeps one digit after its point, and has an exponent a digit earlier.
  const isWhole = /^\d+$/.test(digits);
  if (!isWhole) return digits;
  return digits.length >= Math.max(1, most)
    ? floatDigits(number, 'e', Math.max(1, most) - 1).replace(/\.?0*e/, 'e')
    : `${digits}.0`;
}

function padded(text: Text, fill: string, align: string, width: number): Text {
  const n = width - text.nCodePoints;
  if (n <= 0) return text;
  make(n * fill.length);
  const left = align === '<' ? 0 : align === '>' ? n : Math.floor(n / 2);
  return Text.join(
    [Text.data(fill.repeat(left)), text, Text.data(fill.repeat(n - left))].filter(({ length }) => length > 0),
  );
}
