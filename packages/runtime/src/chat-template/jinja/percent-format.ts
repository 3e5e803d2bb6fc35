// `'%s of %d' % (…)`: Python's printf-style formatting.

import { fault } from './errors.js';
import { escapeMarkup, forceEscape } from './markup.js';
import { make } from './meter.js';
import { checkWidth, floatDigits, intDigits, isNegative, toDouble, truncated } from './number-format.js';
import { ascii, repr, str } from './python-repr.js';
import { Text } from './text.js';
import { Dict, Float, List, Tuple, typeName, Undefined, type Value } from './values.js';

const DIRECTIVE = /%(?:\(((?:[^()]|\([^()]*\))*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([\s\S])?/g;

/** Python's `format % values`. */
export function formatPercent(format: Text, values: Value): Text {
  const { text } = format;
  const args = values instanceof Tuple ? values.items : [values];
  const mapping = values instanceof Dict ? values : null;
  const parts: Text[] = [];
  let nUsed = 0;
  let end = 0;
  const next = (): Value => {
    if (nUsed >= args.length) return fault('TypeError', 'not enough arguments for format string');
    return args[nUsed++]!;
  };
  for (const match of text.matchAll(DIRECTIVE)) {
    const [whole, name, flags = '', width, precision, form] = match;
    if (match.index > end) parts.push(format.slice(end, match.index));
    end = match.index + whole.length;
    const lastStar = (given: string | undefined) =>
      given === '*' ? starValue(next()) : given === undefined ? null : Number(given);
    if (form === undefined) return fault('ValueError', 'incomplete format');
    if (name !== undefined && mapping === null) return fault('TypeError', 'format requires a mapping');
    const least = lastStar(width);
    const most = lastStar(precision);
    if (form === '%') {
      parts.push(format.slice(end - 1, end));
      continue;
    }
    const value =
      name === undefined
        ? mapping !== null && args.length === 1 && nUsed === 0
          ? next()
          : next()
        : entry(mapping!, name);
    if (name !== undefined) nUsed = args.length;
    parts.push(
      directive(
        value,
        form,
        least !== null && least < 0 ? `${flags}-` : flags,
        Math.abs(least ?? 0),
        most,
        format.isMarkup,
      ),
    );
  }
  if (end < text.length) parts.push(format.slice(end));
  const isLeftOver = nUsed < args.length && !(mapping !== null || (!(values instanceof Tuple) && takesNone(values)));
  if (isLeftOver) return fault('TypeError', 'not all arguments converted during string formatting');
  if (parts.length === 0) return format.slice(0, 0);
  return Text.join(parts).as(format.isMarkup ? 'Markup' : 'str');
}

/** Python counts what can be subscribed as a mapping, whose items need not be used. */
function takesNone(values: Value): boolean {
  return values instanceof List || values instanceof Undefined;
}

function entry(mapping: Dict, name: string): Value {
  const value = mapping.get(Text.data(name));
  return value === undefined ? fault('KeyError', name) : value;
}

function starValue(value: Value): number {
  return typeof value === 'number' ? value : fault('TypeError', '* wants int');
}

function directive(
  value: Value,
  form: string,
  flags: string,
  width: number,
  precision: number | null,
  isMarkup: boolean,
): Text {
  checkWidth(width);
  if ('sra'.includes(form)) {
    const whole =
      form === 's'
        ? isMarkup
          ? escapeMarkup(value).as('str')
          : str(value)
        : Text.data(form === 'r' ? repr(value) : ascii(value));
    const made = form !== 's' && isMarkup ? forceEscape(whole).as('str') : whole;
    const cut = precision === null || precision >= made.nCodePoints ? made : made.slice(0, made.unitOf(precision));
    return pad(cut, width, flags.includes('-'));
  }
  if (form === 'c') return pad(character(value), width, flags.includes('-'));
  if (!'diuxXofFeEgG'.includes(form)) return fault('ValueError', `unsupported format character '${form}'`);
  const [sign, digits] = 'diuxXo'.includes(form)
    ? int(value, form, flags, precision)
    : float(value, form, flags, precision);
  const signText = sign ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const isZeroPadded = flags.includes('0') && !flags.includes('-');
  const [prefix, rest] = prefixed(digits, form, flags);
  const body = isZeroPadded ? rest.padStart(width - signText.length - prefix.length, '0') : rest;
  return pad(Text.data(signText + prefix + body), width, flags.includes('-'));
}

function prefixed(digits: string, form: string, flags: string): [string, string] {
  if (!flags.includes('#')) return ['', digits];
  if (form === 'o') return ['0o', digits];
  return form === 'x' || form === 'X' ? [`0${form}`, digits] : ['', digits];
}

function int(value: Value, form: string, _flags: string, precision: number | null): [boolean, string] {
  if (value instanceof Undefined && form !== 'x') return value.fail();
  const isInteger = !(value instanceof Float);
  const number = 'xXo'.includes(form) && !isInteger ? null : truncated(value);
  if (number === null) {
    const kind = 'xXo'.includes(form) ? 'an integer' : 'a real number';
    return fault('TypeError', `%${form} format: ${kind} is required, not ${typeName(value)}`);
  }
  checkWidth(precision ?? 0);
  const digits = intDigits(number, form === 'o' ? 8 : form.toLowerCase() === 'x' ? 16 : 10).padStart(
    precision ?? 0,
    '0',
  );
  return [isNegative(number), form === 'X' ? digits.toUpperCase() : digits];
}

function float(value: Value, form: string, flags: string, precision: number | null): [boolean, string] {
  if (value instanceof Undefined) return value.fail();
  const number = toDouble(value);
  if (number === null) return fault('TypeError', `must be real number, not ${typeName(value)}`);
  return [isNegative(number), floatDigits(number, form, precision ?? 6, flags.includes('#'))];
}

function character(value: Value): Text {
  if (value instanceof Text && value.nCodePoints === 1) return value;
  const isCode = typeof value === 'number' && value >= 0 && value <= 0x10ffff;
  return isCode ? Text.data(String.fromCodePoint(value)) : fault('TypeError', '%c requires int or char');
}

/** A text with spaces up to a width. */
function pad(text: Text, width: number, isLeft: boolean): Text {
  const n = width - text.nCodePoints;
  if (n <= 0) return text;
  make(n);
  const spaces = Text.data(' '.repeat(n));
  return Text.join(isLeft ? [text, spaces] : [spaces, text]);
}
