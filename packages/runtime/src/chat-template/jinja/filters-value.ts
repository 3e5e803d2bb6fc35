// Filters of single values: defaults, numbers, JSON.

import { bind, intArgument, signature, textArgument } from './arguments.js';
import { operate } from './arithmetic.js';
import { getAttribute } from './attributes.js';
import { asNumber } from './compare.js';
import { fault, isFault } from './errors.js';
import { scaled } from './exact-decimal.js';
import { type Filter, filter } from './filter.js';
import { caught, make, step } from './meter.js';
import { methodOf } from './methods.js';
import { truncated } from './number-format.js';
import { parseFloatText, parseIntText } from './parse-number.js';
import { prettyPrint } from './pretty-print.js';
import { Text } from './text.js';
import { jsonForm, toJson } from './to-json.js';
import { Dict, Float, fromBigInt, isTrue, List, Range, Tuple, typeName, Undefined, type Value } from './values.js';

const usual = filter('default_value=, boolean=', (value, [other, boolean]) => {
  const isReplaced = value instanceof Undefined || (isTrue(boolean ?? false) && !isTrue(value));
  return isReplaced ? (other === undefined ? Text.template('') : other) : value;
});

export const valueFilters: Readonly<Record<string, Filter>> = {
  d: usual,
  default: usual,
  abs: filter('', absolute),
  attr: filter('name', (value, [name]) => attribute(value, textArgument(name, 'attribute name').text)),
  filesizeformat: filter('binary=', (value, [binary]) => fileSize(value, isTrue(binary ?? false))),
  float: filter('default=', (value, [other]) =>
    recover(
      ['TypeError', 'ValueError'],
      () => toFloat(value),
      () => other ?? new Float(0),
    ),
  ),
  int: filter('default=, base=', (value, [other, base]) => toInt(value, other === undefined ? 0 : other, base)),
  pprint: filter('', (value) => Text.data(prettyPrint(value))),
  round: filter('precision=, method=', round),
  tojson: {
    ...filter('', (value) => value),
    runAny: (value, args, keywords) => json(value, bind('filter tojson', JSON_PARAMETERS, args, keywords)),
  },
};

const JSON_PARAMETERS = signature('ensure_ascii=, indent=, separators=, sort_keys=');

function json(
  value: Value,
  [ensureAscii = false, indent = null, separators = null, sortKeys = false]: readonly (Value | undefined)[],
): Text {
  return Text.data(toJson(value, jsonForm(ensureAscii, indent, separators, sortKeys)));
}

function recover<T>(kinds: readonly ('TypeError' | 'ValueError')[], run: () => T, instead: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!isFault(error, ...kinds)) throw error;
    caught();
    return instead();
  }
}

function absolute(value: Value): Value {
  if (value instanceof Float) return new Float(Math.abs(value.value));
  const number = asNumber(value);
  if (number === null) return fault('TypeError', `bad operand type for abs(): '${typeName(value)}'`);
  return typeof number === 'bigint' ? (number < 0n ? -number : number) : Math.abs(number);
}

/** Attributes alone, without items. */
function attribute(value: Value, name: string): Value {
  if (value instanceof Undefined) return value.fail();
  if (
    value instanceof Dict ||
    value instanceof List ||
    value instanceof Tuple ||
    value instanceof Text ||
    value instanceof Range
  ) {
    return methodOf(value, name) ?? new Undefined(`'${typeName(value)} object' has no attribute '${name}'`);
  }
  return getAttribute(value, name);
}

function toFloat(value: Value): Float {
  if (value instanceof Float) return value;
  if (value instanceof Undefined) return value.fail();
  if (value instanceof Text) return new Float(parseFloatText(value.text));
  const number = asNumber(value);
  if (number === null)
    return fault('TypeError', `float() argument must be a string or a real number, not '${typeName(value)}'`);
  const double = Number(number);
  return Number.isFinite(double) ? new Float(double) : fault('OverflowError', 'int too large to convert to float');
}

function toInt(value: Value, other: Value, base: Value | undefined): Value {
  return recover<Value>(
    ['TypeError', 'ValueError'],
    () => {
      if (value instanceof Undefined) return value.fail();
      if (value instanceof Text) return parseIntText(value.text, intArgument(base, 10));
      return truncated(value) ?? fault('TypeError', 'no number');
    },
    () =>
      recover<Value>(
        ['TypeError', 'ValueError'],
        () => truncated(toFloat(value))!,
        () => other,
      ),
  );
}

function round(value: Value, [precision, method]: readonly (Value | undefined)[]): Value {
  const how = method === undefined ? 'common' : textArgument(method, 'method').text;
  if (!['common', 'ceil', 'floor'].includes(how)) return fault('TypeError', 'method must be common, ceil or floor');
  if (how === 'common') return roundHalfEven(value, precision === undefined ? 0 : precision);
  const factor = operate('**', 10, precision ?? 0);
  const product = operate('*', value, factor);
  const number = product instanceof Float ? product.value : asNumber(product);
  if (number === null) return fault('TypeError', `must be real number, not ${typeName(product)}`);
  if (typeof number === 'number' && !Number.isFinite(number)) return truncated(product);
  const whole = typeof number === 'bigint' ? number : how === 'ceil' ? Math.ceil(number) : Math.floor(number);
  return operate('/', typeof whole === 'number' && !Number.isSafeInteger(whole) ? BigInt(whole) : whole, factor);
}

/** Python's `round(value, digits)`. */
function roundHalfEven(value: Value, digits: Value): Value {
  if (value instanceof Undefined) return fault('TypeError', "type Undefined doesn't define __round__ method");
  const number = asNumber(value);
  if (number === null) return fault('TypeError', `type ${typeName(value)} doesn't define __round__ method`);
  if (digits === null) return value instanceof Float ? wholeHalfEven(value.value) : number;
  const n = intArgument(digits, 0);
  if (!(value instanceof Float)) return n >= 0 ? number : roundInt(BigInt(number), n);
  if (!Number.isFinite(value.value) || n > 340) return value;
  if (n < -310) return new Float(value.value < 0 || Object.is(value.value, -0) ? -0 : 0);
  make(64);
  const rounded = Number(`${scaled(Math.abs(value.value), n)}e${-n}`);
  return new Float(value.value < 0 || Object.is(value.value, -0) ? -rounded : rounded);
}

function wholeHalfEven(value: number): Value {
  if (!Number.isFinite(value)) return truncated(new Float(value));
  const whole = scaled(Math.abs(value), 0);
  return fromBigInt(value < 0 ? -whole : whole);
}

function roundInt(value: bigint, n: number): Value {
  if (-n > 6000) return 0;
  step(-n / 8);
  const unit = 10n ** BigInt(-n);
  const magnitude = value < 0n ? -value : value;
  const rest = magnitude % unit;
  const down = magnitude - rest;
  const isUp = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n === 1n);
  const rounded = isUp ? down + unit : down;
  return fromBigInt(value < 0n ? -rounded : rounded);
}

function fileSize(value: Value, isBinary: boolean): Text {
  const bytes = toFloat(value).value;
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return Text.data('1 Byte');
  if (bytes < base) return Text.data(`${Math.trunc(bytes)} Bytes`);
  const prefixes = 'kMGTPEZY';
  let unit = base;
  let i = -1;
  do {
    unit *= base;
    i++;
  } while (bytes >= unit && i < prefixes.length - 1);
  const prefix = isBinary ? `${prefixes[i]!.toUpperCase()}iB` : `${prefixes[i]}B`;
  const size = (base * bytes) / unit;
  return Text.data(`${scaledText(size)} ${prefix}`);
}

function scaledText(size: number): string {
  const tenths = scaled(size, 1).toString().padStart(2, '0');
  return `${tenths.slice(0, -1)}.${tenths.slice(-1)}`;
}
