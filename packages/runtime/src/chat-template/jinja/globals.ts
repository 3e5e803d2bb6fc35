// The global functions of a template.

import { bind, intArgument, signature, textArgument } from './arguments.js';
import { fault } from './errors.js';
import { iterate } from './iterate.js';
import { unpack } from './loop.js';
import { make, step } from './meter.js';
import { str } from './python-repr.js';
import { strftime } from './strftime.js';
import { Text } from './text.js';
import { Callable, Dict, Instance, isTrue, type Keywords, Namespace, Range, type Value } from './values.js';

/** The longest range that jinja2's sandbox makes. */
const MAX_RANGE = 100_000;
const FORMAT = signature('format');
/** `%c` alone writes seven fields. */
const STEPS_PER_DATE_CHARACTER = 16;

/** @param now the time that `strftime_now` formats */
export function createGlobals(now: Date): Map<string, Value> {
  return new Map<string, Value>([
    ['range', func('range', range)],
    ['dict', func('dict', dict)],
    ['namespace', func('namespace', namespace)],
    ['cycler', func('cycler', cycler)],
    ['joiner', func('joiner', joiner)],
    ['lipsum', func('lipsum', lipsum)],
    [
      'raise_exception',
      func('raise_exception', (args, keywords) => {
        const [message] = bind('raise_exception()', signature('message'), args, keywords);
        return fault('TemplateError', str(message!).text);
      }),
    ],
    [
      'strftime_now',
      func('strftime_now', (args, keywords) => {
        const [format] = bind('strftime_now()', FORMAT, args, keywords);
        const source = textArgument(format, 'strftime() argument 1').text;
        make(8 * source.length);
        step(STEPS_PER_DATE_CHARACTER * source.length);
        return Text.data(strftime(source, now));
      }),
    ],
  ]);
}

function func(name: string, call: Callable['call']): Callable {
  return new Callable(name, call);
}

function noKeywords(name: string, keywords: Keywords): void {
  if (keywords.size > 0) fault('TypeError', `${name}() takes no keyword arguments`);
}

function range(args: readonly Value[], keywords: Keywords): Value {
  noKeywords('range', keywords);
  if (args.length < 1 || args.length > 3)
    return fault('TypeError', `range expected 1 to 3 arguments, got ${args.length}`);
  const [first, second, third] = args.map((value) => intArgument(value, 0));
  const rise = third ?? 1;
  if (rise === 0) return fault('ValueError', 'range() arg 3 must not be zero');
  const made = second === undefined ? new Range(0, first!, 1) : new Range(first!, second, rise);
  if (made.length > MAX_RANGE)
    return fault('OverflowError', `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`);
  return made;
}

function dict(args: readonly Value[], keywords: Keywords): Dict {
  const made = new Dict();
  addEntries('dict', args, keywords, (key, value) => made.set(key, value));
  return made;
}

function namespace(args: readonly Value[], keywords: Keywords): Namespace {
  const made = new Namespace();
  make(64);
  addEntries('namespace', args, keywords, (key, value) => {
    make(32);
    made.attributes.set(key instanceof Text ? key.text : str(key).text, value);
  });
  return made;
}

function addEntries(
  name: string,
  args: readonly Value[],
  keywords: Keywords,
  set: (key: Value, value: Value) => void,
): void {
  if (args.length > 1) fault('TypeError', `${name} expected at most 1 argument, got ${args.length}`);
  const [source] = args;
  if (source instanceof Dict) for (const [key, value] of source.entries.values()) set(key, value);
  else if (source !== undefined) {
    const pairs = iterate(source);
    for (let { done, value: pair } = pairs.next(); done !== true; { done, value: pair } = pairs.next()) {
      const [key, value] = unpack(pair as Value, 2);
      set(key!, value!);
    }
  }
  for (const [key, value] of keywords) set(Text.data(key), value);
  step(keywords.size);
}

function cycler(args: readonly Value[], keywords: Keywords): Instance {
  noKeywords('cycler', keywords);
  if (args.length === 0) return fault('RuntimeError', 'at least one item has to be provided');
  let position = 0;
  const next = func('next', () => {
    const item = args[position]!;
    position = (position + 1) % args.length;
    return item;
  });
  const reset = func('reset', () => {
    position = 0;
    return null;
  });
  return new Instance('Cycler', {
    next: () => next,
    reset: () => reset,
    current: () => args[position]!,
    pos: () => position,
  });
}

function joiner(args: readonly Value[], keywords: Keywords): Instance {
  const [separator] = bind('joiner()', signature('sep='), args, keywords);
  let isUsed = false;
  const call = (): Value => {
    if (isUsed) return separator ?? Text.data(', ');
    isUsed = true;
    return Text.data('');
  };
  return new Instance(
    'Joiner',
    { sep: () => separator ?? Text.data(', '), used: () => isUsed },
    () => '<Joiner>',
    call,
  );
}

const WORDS =
  'a ac ad amet ante arcu at dolor elit erat et in ipsum leo libero lorem magna mi nec non nulla orci quis sed sem sit ut vel'.split(
    ' ',
  );
const MAX_PARAGRAPHS = 1000;

/** Text without a meaning; unlike jinja2's it is the same every time. */
function lipsum(args: readonly Value[], keywords: Keywords): Text {
  const [n, html, min, max] = bind('lipsum()', signature('n=, html=, min=, max='), args, keywords);
  const nParagraphs = intArgument(n, 5);
  const nWords = Math.floor((intArgument(min, 20) + intArgument(max, 100)) / 2);
  if (nParagraphs > MAX_PARAGRAPHS) return fault('Limit', `lipsum makes at most ${MAX_PARAGRAPHS} paragraphs`);
  make(8 * Math.max(0, nWords) * Math.max(0, nParagraphs));
  const paragraphs = Array.from({ length: Math.max(0, nParagraphs) }, (_, i) => paragraph(i, nWords));
  if (!isTrue(html ?? true)) return Text.data(paragraphs.join('\n\n'));
  return Text.data(paragraphs.map((words) => `<p>${words}</p>`).join('\n')).as('Markup');
}

function paragraph(i: number, nWords: number): string {
  const words = Array.from({ length: Math.max(0, nWords) }, (_, j) => WORDS[(i * 7 + j * 5) % WORDS.length]!).join(' ');
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}
