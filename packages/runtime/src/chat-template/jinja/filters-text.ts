// Filters of strings.

import { intArgument, textArgument } from './arguments.js';
import { getSlice } from './attributes.js';
import { fault } from './errors.js';
import { anyFilter, type Filter, filter } from './filter.js';
import { lengthOf, toArray } from './iterate.js';
import { escapeMarkup, forceEscape } from './markup.js';
import { make, rebuild, scan, step } from './meter.js';
import { checkWidth } from './number-format.js';
import { formatPercent } from './percent-format.js';
import { softStr, str } from './python-repr.js';
import { isSpace } from './python-space.js';
import { capitalize, lower, upper } from './string-case.js';
import { justify } from './string-methods.js';
import { join, replace, splitLines, splitRight, strip } from './string-parts.js';
import { Text } from './text.js';
import { Dict, isTrue, Tuple, typeName, Undefined, type Value } from './values.js';
import { wordWrap } from './word-wrap.js';

const text = (value: string) => Text.data(value);

export const textFilters: Readonly<Record<string, Filter>> = {
  capitalize: filter('', (value) => capitalize(softStr(value))),
  center: filter('width=', (value, [width]) => justify(softStr(value), intArgument(width, 80), text(' '), 'center')),
  e: filter('', (value) => escapeMarkup(value)),
  escape: filter('', (value) => escapeMarkup(value)),
  forceescape: filter('', (value) => forceEscape(str(value))),
  format: anyFilter((value, args, keywords) => {
    if (args.length > 0 && keywords.size > 0)
      return fault('TypeError', "format: can't handle positional and keyword arguments at the same time");
    if (keywords.size === 0) return formatPercent(softStr(value), new Tuple(args));
    return formatPercent(softStr(value), new Dict(Array.from(keywords, ([name, item]) => [text(name), item] as const)));
  }),
  indent: filter('width=, first=, blank=', (value, [width, first, blank]) =>
    indent(value, width ?? 4, isTrue(first ?? false), isTrue(blank ?? false)),
  ),
  lower: filter('', (value) => lower(softStr(value))),
  replace: filter('old, new, count=', (value, [old, made, count]) =>
    replace(str(value), str(old!), str(made!), count === null ? -1 : intArgument(count, -1)),
  ),
  safe: filter('', (value) => str(value).as('Markup')),
  string: filter('', (value) => softStr(value)),
  striptags: filter('', (value) => stripTags(str(value))),
  title: filter('', (value) => titleWords(softStr(value))),
  trim: filter('chars=', (value, [characters]) =>
    strip(
      softStr(value),
      characters === undefined || characters === null ? null : textArgument(characters, 'strip arg'),
    ),
  ),
  truncate: filter('length=, killwords=, end=, leeway=', truncate),
  upper: filter('', (value) => upper(softStr(value))),
  urlencode: filter('', (value) => urlEncode(value)),
  wordcount: filter('', (value) => countWords(softStr(value).text)),
  wordwrap: filter(
    'width=, break_long_words=, wrapstring=, break_on_hyphens=',
    (value, [width, breaks, mark, hyphens]) =>
      wordWrap(textArgument(value, 'wordwrap'), {
        width: intArgument(width, 79),
        breaksLongWords: isTrue(breaks ?? true),
        mark: mark === undefined || mark === null ? text('\n') : textArgument(mark, 'wrapstring'),
        breaksOnHyphens: isTrue(hyphens ?? true),
      }),
  ),
  xmlattr: filter('autospace=', (value, [space]) => xmlAttributes(value, isTrue(space ?? true))),
};

function indent(value: Value, width: Value, first: boolean, blank: boolean): Text {
  if (value instanceof Undefined) return value.fail();
  const source = textArgument(value, 'indent');
  let indentation: Text;
  if (width instanceof Text) indentation = width;
  else {
    const n = intArgument(width, 4);
    checkWidth(n);
    indentation = text(' '.repeat(Math.max(0, n)));
  }
  const newline = text('\n');
  const lines = splitLines(source.concat(newline));
  make(lines.length * indentation.length);
  const rest = lines.map((line, i) => (i > 0 && (blank || line.length > 0) ? indentation.concat(line) : line));
  const indented = join(newline, rest);
  const made = first ? indentation.concat(indented) : indented;
  return made.as(source.isMarkup ? 'Markup' : 'str');
}

/** The filter's own capitals: after white space, a hyphen or an opening bracket. */
function titleWords(source: Text): Text {
  rebuild(source.length);
  const parts: string[] = [];
  let isStart = true;
  let word = '';
  const end = () => {
    const [first = ''] = word;
    parts.push(first.toUpperCase() + word.slice(first.length).toLowerCase());
    word = '';
  };
  for (const character of source.text) {
    const isBreak = isSpace(character) || '-({[<'.includes(character);
    if (isBreak !== isStart) end();
    isStart = isBreak;
    word += character;
  }
  end();
  return source.with(parts.join(''));
}

function countWords(source: string): number {
  scan(source.length);
  let n = 0;
  for (const _ of source.matchAll(/[\p{L}\p{N}_]+/gu)) {
    step();
    n++;
  }
  return n;
}

function truncate(value: Value, [length, kills, end, leeway]: readonly (Value | undefined)[]): Value {
  const most = intArgument(length, 255);
  const tail = end === undefined ? text('...') : textArgument(end, 'end');
  const slack = leeway === undefined || leeway === null ? 5 : intArgument(leeway, 5);
  if (most < tail.nCodePoints) return fault('RuntimeError', `expected length >= ${tail.nCodePoints}, got ${most}`);
  if (slack < 0) return fault('RuntimeError', `expected leeway >= 0, got ${slack}`);
  if (lengthOf(value) <= most + slack) return value;
  const cut = getSlice(value, null, most - tail.nCodePoints, null);
  const kept = textArgument(cut, 'truncate');
  if (isTrue(kills ?? false)) return kept.concat(tail);
  const [head = kept] = splitRight(kept, text(' '), 1);
  return head.concat(tail);
}

function urlEncode(value: Value): Text {
  if (value instanceof Text) return text(quoteUrl(value.text, '/'));
  const pairs = value instanceof Dict ? [...value.entries.values()] : null;
  if (pairs === null && !isIterable(value)) return text(quoteUrl(str(value).text, '/'));
  const items = pairs ?? toArray(value).map((pair) => toArray(pair));
  const written = items.map((pair) => {
    if (pair.length !== 2) return fault('ValueError', 'urlencode takes pairs');
    return pair.map((part) => quoteUrl(str(part).text, '').replaceAll('%20', '+')).join('=');
  });
  return text(written.join('&'));
}

function isIterable(value: Value): boolean {
  return !(
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeName(value) === 'float'
  );
}

function quoteUrl(source: string, safe: string): string {
  step(source.length / 8);
  make(24 * source.length);
  return Array.from(new TextEncoder().encode(source), (byte) => {
    const character = String.fromCharCode(byte);
    const isKept = /[A-Za-z0-9_.~-]/.test(character) || (safe !== '' && character === safe);
    return isKept ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function xmlAttributes(value: Value, hasSpace: boolean): Text {
  if (!(value instanceof Dict)) return fault('AttributeError', `'${typeName(value)}' object has no attribute 'items'`);
  const parts: string[] = [];
  for (const [key, item] of value.entries.values()) {
    if (item === null || item instanceof Undefined) continue;
    const name = textArgument(key, 'attribute name').text;
    if (/[\t-\r />=]/.test(name)) return fault('ValueError', 'invalid character in attribute name');
    parts.push(`${escapeMarkup(key).text}="${escapeMarkup(item).text}"`);
  }
  return text((hasSpace && parts.length > 0 ? ' ' : '') + parts.join(' '));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** markupsafe's `striptags`, with the entities that XML has. */
function stripTags(source: Text): Text {
  rebuild(source.length);
  const plain = withoutTags(source.text)
    .split(/[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/)
    .filter((word) => word !== '')
    .join(' ');
  return text(
    plain.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,6}));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    }),
  );
}

/** Comments go first, then what is between `<` and `>`. */
function withoutTags(source: string): string {
  const cut = (from: string, open: string, close: string) => {
    let kept = '';
    let start = 0;
    for (let at = from.indexOf(open); at >= 0; at = from.indexOf(open, start)) {
      const end = from.indexOf(close, at + open.length);
      if (end < 0) break;
      kept += from.slice(start, at);
      start = end + close.length;
    }
    return kept + from.slice(start);
  };
  return cut(cut(source, '<!--', '-->'), '<', '>');
}
