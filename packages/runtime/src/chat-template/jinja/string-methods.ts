// The methods of Python's `str`.

import { bind, intArgument, type Signature, signature, textArgument } from './arguments.js';
import { fault } from './errors.js';
import { toArray } from './iterate.js';
import { escapeMarkup } from './markup.js';
import { make, step } from './meter.js';
import { checkWidth } from './number-format.js';
import { stripped } from './python-space.js';
import { indexOf, lastIndexOf } from './search.js';
import { capitalize, caseFold, classes, lower, swapCase, title, upper } from './string-case.js';
import { expandTabs, joinItems, partition, replace, split, splitLines, splitRight, strip } from './string-parts.js';
import { Text } from './text.js';
import { Callable, Dict, isTrue, List, Tuple, type Value } from './values.js';

type Run = (text: Text, args: readonly (Value | undefined)[]) => Value;
type Method = readonly [Signature, Run];

function method(parameters: string, run: Run): Method {
  return [signature(parameters), run];
}

const METHODS: Readonly<Record<string, Method>> = {
  capitalize: method('', capitalize),
  casefold: method('', caseFold),
  center: method('width, fillchar=, /', (text, [width, fill]) => pad(text, width, fill, 'center')),
  count: method('sub, start=, end=, /', (text, args) => countIn(text, args)),
  endswith: method('suffix, start=, end=, /', (text, args) => hasEnd(text, args, 'endswith')),
  expandtabs: method('tabsize=', (text, [size]) => {
    const n = intArgument(size, 8);
    checkWidth(n);
    return expandTabs(text, n);
  }),
  find: method('sub, start=, end=, /', (text, args) => find(text, args, indexOf)),
  index: method('sub, start=, end=, /', (text, args) => found(find(text, args, indexOf))),
  isspace: method('', (text) => text.length > 0 && stripped(text.text).start === text.length),
  join: method('iterable, /', (text, [items]) => {
    const parts = toArray(items!);
    return joinItems(text, text.isMarkup ? parts.map((part) => escapeMarkup(part)) : parts);
  }),
  ljust: method('width, fillchar=, /', (text, [width, fill]) => pad(text, width, fill, 'left')),
  lower: method('', lower),
  lstrip: method('chars=, /', (text, [characters]) => strip(text, optionalText(characters, 'lstrip arg'), 'left')),
  partition: method('sep, /', (text, [separator]) => new Tuple(partition(text, textArgument(separator, 'sep'), false))),
  removeprefix: method('prefix, /', (text, [prefix]) => {
    const { length, text: start } = textArgument(prefix, 'removeprefix() argument');
    return text.text.slice(0, length) === start ? text.slice(length) : text;
  }),
  removesuffix: method('suffix, /', (text, [suffix]) => {
    const { length, text: end } = textArgument(suffix, 'removesuffix() argument');
    return length > 0 && text.text.slice(-length) === end ? text.slice(0, text.length - length) : text;
  }),
  replace: method('old, new, count=, /', (text, [old, made, count]) =>
    replace(
      text,
      textArgument(old, 'replace() argument 1'),
      textArgument(made, 'replace() argument 2'),
      intArgument(count, -1),
    ),
  ),
  rfind: method('sub, start=, end=, /', (text, args) => find(text, args, lastIndexOf)),
  rindex: method('sub, start=, end=, /', (text, args) => found(find(text, args, lastIndexOf))),
  rjust: method('width, fillchar=, /', (text, [width, fill]) => pad(text, width, fill, 'right')),
  rpartition: method('sep, /', (text, [separator]) => new Tuple(partition(text, textArgument(separator, 'sep'), true))),
  rsplit: method(
    'sep=, maxsplit=',
    (text, [separator, most]) => new List(splitRight(text, optionalText(separator, 'sep'), intArgument(most, -1))),
  ),
  rstrip: method('chars=, /', (text, [characters]) => strip(text, optionalText(characters, 'rstrip arg'), 'right')),
  split: method(
    'sep=, maxsplit=',
    (text, [separator, most]) => new List(split(text, optionalText(separator, 'sep'), intArgument(most, -1))),
  ),
  splitlines: method('keepends=', (text, [keeps]) => new List(splitLines(text, isTrue(keeps ?? false)))),
  startswith: method('prefix, start=, end=, /', (text, args) => hasEnd(text, args, 'startswith')),
  strip: method('chars=, /', (text, [characters]) => strip(text, optionalText(characters, 'strip arg'))),
  swapcase: method('', swapCase),
  title: method('', title),
  translate: method('table, /', (text, [table]) => translate(text, table!)),
  upper: method('', upper),
  zfill: method('width, /', (text, [width]) => zeroFill(text, intArgument(width, 0))),
  ...Object.fromEntries(Object.entries(classes).map(([name, is]) => [name, method('', (text) => is(text.text))])),
};

/** Methods that give a markup what its arguments are escaped for. */
const ESCAPING = new Set([
  'replace',
  'ljust',
  'rjust',
  'center',
  'strip',
  'lstrip',
  'rstrip',
  'removeprefix',
  'removesuffix',
  'partition',
  'rpartition',
]);

export function stringMethod(text: Text, name: string): Callable | undefined {
  if (!Object.hasOwn(METHODS, name)) return undefined;
  const [parameters, run] = METHODS[name]!;
  return new Callable(name, (args, keywords) => {
    const bound = bind(`str.${name}()`, parameters, args, keywords);
    if (!text.isMarkup) return run(text, bound);
    const given = ESCAPING.has(name)
      ? bound.map((value) => (value instanceof Text ? escapeMarkup(value).as('str') : value))
      : bound;
    return asMarkup(run(text, given));
  });
}

/** The strings that a markup's method gives are markup too. */
function asMarkup(value: Value): Value {
  if (value instanceof Text) return value.as('Markup');
  if (value instanceof List) return new List(value.items.map(asMarkup));
  return value instanceof Tuple ? new Tuple(value.items.map(asMarkup)) : value;
}

function optionalText(value: Value | undefined, what: string): Text | null {
  return value === undefined || value === null ? null : textArgument(value, what);
}

/** The part of a text that `start` and `end` name, in code points, and where it starts. */
function window(text: Text, start: Value | undefined, end: Value | undefined): { part: Text; offset: number } | null {
  if (start === undefined && end === undefined) return { part: text, offset: 0 };
  const n = text.nCodePoints;
  const position = (given: Value | undefined, usual: number) => {
    const index = given === null ? usual : intArgument(given, usual);
    return Math.min(index < 0 ? Math.max(0, index + n) : index, n + 1);
  };
  const from = position(start, 0);
  const to = Math.min(position(end, n), n);
  if (from > to) return null;
  return { part: text.slice(text.unitOf(from), text.unitOf(to)), offset: from };
}

function find(text: Text, [sub, start, end]: readonly (Value | undefined)[], how: typeof indexOf): number {
  const wanted = textArgument(sub, 'must be str');
  const found = window(text, start, end);
  if (found === null) return -1;
  const at = how(found.part.text, wanted.text);
  return at < 0 ? -1 : found.offset + found.part.codePointOf(at);
}

function found(position: number): number {
  return position < 0 ? fault('ValueError', 'substring not found') : position;
}

function countIn(text: Text, [sub, start, end]: readonly (Value | undefined)[]): number {
  const wanted = textArgument(sub, 'must be str');
  const found = window(text, start, end);
  if (found === null) return 0;
  if (wanted.length === 0) return found.part.nCodePoints + 1;
  return split(found.part, wanted).length - 1;
}

function hasEnd(
  text: Text,
  [end, from, to]: readonly (Value | undefined)[],
  which: 'startswith' | 'endswith',
): boolean {
  const wanted = end instanceof Tuple ? end.items : [end!];
  const found = window(text, from, to);
  const ends = wanted.map((item) => textArgument(item, `${which} arg`));
  if (found === null) return false;
  const { part } = found;
  // A comparison of parts takes a fraction of what JavaScript's startsWith does.
  return ends.some(({ length, text: end }) => {
    step();
    if (length > part.length) return false;
    return (which === 'startswith' ? part.text.slice(0, length) : part.text.slice(part.length - length)) === end;
  });
}

function pad(text: Text, width: Value | undefined, fill: Value | undefined, to: 'left' | 'right' | 'center'): Text {
  const filling = fill === undefined ? Text.data(' ') : textArgument(fill, 'The fill character');
  if (filling.nCodePoints !== 1) return fault('TypeError', 'The fill character must be exactly one character long');
  return justify(text, intArgument(width, 0), filling, to);
}

/** `text.center(width)`, `ljust` and `rjust`. */
export function justify(text: Text, width: number, fill: Text, to: 'left' | 'right' | 'center'): Text {
  const n = width - text.nCodePoints;
  if (n <= 0) return text;
  checkWidth(n);
  // CPython's rule for the odd one.
  const left = to === 'left' ? 0 : to === 'right' ? n : Math.floor(n / 2) + (n & width & 1);
  const spaces = (count: number) => Text.data(fill.text.repeat(count));
  return Text.join([spaces(left), text, spaces(n - left)].filter(({ length }) => length > 0));
}

function zeroFill(text: Text, width: number): Text {
  const n = width - text.nCodePoints;
  if (n <= 0) return text;
  checkWidth(n);
  const signLength = /^[+-]/.test(text.text) ? 1 : 0;
  const parts = [text.slice(0, signLength), Text.data('0'.repeat(n)), text.slice(signLength)];
  return Text.join(parts.filter(({ length }) => length > 0));
}

/** Python's `str.translate`, with a dict whose keys are code points. */
function translate(text: Text, table: Value): Text {
  if (!(table instanceof Dict)) return fault('TypeError', 'translate() takes a dict of code points');
  const parts = text.characters().flatMap((character): Text[] => {
    const made = table.get(character.text.codePointAt(0)!);
    if (made === undefined) return [character];
    if (made === null) return [];
    return [typeof made === 'number' ? Text.data(String.fromCodePoint(made)) : textArgument(made, 'character mapping')];
  });
  make(parts.length);
  return parts.length === 0 ? text.slice(0, 0) : Text.join(parts);
}
