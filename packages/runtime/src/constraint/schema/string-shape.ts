// Strings: length, pattern, format, and what they are not.

import { intersectDfas, subtractDfas, uniteDfas } from '../automaton/algebra.js';
import type { Dfa } from '../automaton/dfa.js';
import { textsDfa } from '../automaton/text-automata.js';
import { never, type Shape } from '../json/shape.js';
import { type Conjunction, conjunctionKey, largestOf, smallestOf, valuesOf } from './conjunction.js';
import { boundedPatterns, formatPatterns, numberFormats } from './formats.js';
import { unsupported } from './keywords.js';
import type { SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';

/** @throws ToolkitError `UNSUPPORTED_SCHEMA`, `BAD_PATTERN`, `LIMIT_EXCEEDED` */
export function stringShape(nodes: readonly SchemaNode[], parts: ShapeParts): Shape {
  const min = largestOf(nodes, 'minLength');
  const max = smallestOf(nodes, 'maxLength');
  const content = matchingText(nodes, parts);
  if (min > max || content === null) return never;
  if (content === 'any') return { type: 'string', min, max };
  const isBounded = min > 0 || max < Number.POSITIVE_INFINITY;
  const bounded = isBounded ? intersect(content, parts.patterns.length(min, max), parts) : content;
  return bounded === null ? never : { type: 'matching-string', content: bounded };
}

/** Strings by all but their length, between their quotes; null for none. */
function matchingText(nodes: readonly SchemaNode[], parts: ShapeParts): Dfa | 'any' | null {
  const { patterns, lexemes, work } = parts;
  let content: Dfa | 'any' | null = 'any';
  const restrict = (dfa: Dfa | null): void => {
    content = content === 'any' ? dfa : intersect(content, dfa, parts);
  };
  const exclude = (dfa: Dfa): void => {
    if (content !== null) content = subtractDfas(content === 'any' ? lexemes.characters : content, dfa, work);
  };
  for (const source of valuesOf<string>(nodes, 'pattern'))
    restrict(patterns.pattern(boundedPatterns.get(source) ?? source));
  for (const format of valuesOf<string>(nodes, 'format')) {
    const dfa = patterns.format(format);
    if (dfa === undefined) refuseFormat(nodes, format);
    else restrict(dfa);
  }
  for (const source of valuesOf<string[]>(nodes, '$notPatterns').flat()) {
    const dfa = patterns.pattern(source);
    if (dfa !== null) exclude(dfa);
  }
  const texts = valuesOf<unknown[]>(nodes, '$notValues')
    .flat()
    .filter((value) => typeof value === 'string');
  if (texts.length > 0) exclude(textsDfa(texts.map(spelled), work));
  return content;
}

/**
 * Strings that meet a conjunction, as an automaton of what is between their quotes.
 *
 * @returns null for none
 * @throws ToolkitError as {@link stringShape} does
 */
export function stringLanguage(conjunction: Conjunction, parts: ShapeParts): Dfa | null {
  const { optionsOf, conjoin, work } = parts;
  const seen = new Set<string>();
  let language: Dfa | null = null;
  const pending = [conjunction];
  while (pending.length > 0) {
    const current = pending.pop()!;
    const key = conjunctionKey(current);
    if (seen.has(key)) continue;
    seen.add(key);
    work.spend(10, 'alternatives');
    const [choice, ...choices] = current.choices;
    if (choice === undefined) {
      const found = languageOf(current.nodes, parts);
      if (found !== null) language = language === null ? found : uniteDfas(language, found, work);
      continue;
    }
    for (const option of optionsOf(choice)) pending.push(conjoin({ ...current, choices }, [option]));
  }
  return language;
}

function languageOf(nodes: readonly SchemaNode[], parts: ShapeParts): Dfa | null {
  const { types, constants } = parts.valuesOf({ nodes, choices: [], taken: [] });
  if (constants !== null) {
    const texts = constants.filter((value) => typeof value === 'string');
    return texts.length === 0 ? null : textsDfa(texts.map(spelled), parts.work);
  }
  if (types !== null && !types.has('string')) return null;
  if (nodes.some(({ schema }) => schema === false)) return null;
  const shape = stringShape(nodes, parts);
  if (shape.type === 'matching-string') return shape.content;
  if (shape.type !== 'string') return null;
  const isAny = shape.min === 0 && shape.max === Number.POSITIVE_INFINITY;
  return isAny ? parts.lexemes.characters : parts.patterns.length(shape.min, shape.max);
}

function intersect(a: Dfa | null, b: Dfa | null, { work }: ShapeParts): Dfa | null {
  return a === null || b === null ? null : intersectDfas(a, b, work);
}

/** A string as JSON spells it, without quotes. */
function spelled(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Refuses an unknown format, unless a pattern next to it describes it, as zod's do. */
function refuseFormat(nodes: readonly SchemaNode[], format: string): void {
  if (valuesOf(nodes, 'pattern').length > 0) return;
  const owner = nodes.find(({ schema }) => typeof schema !== 'boolean' && schema.format === format)!;
  const isNumeric = Object.hasOwn(numberFormats, format);
  throw unsupported(
    `${owner.pointer}/format: ${JSON.stringify(format)} ${isNumeric ? 'of a string ' : ''}is not enforced`,
    `write a pattern beside it, or one of ${Object.keys(formatPatterns).join(', ')}`,
  );
}
