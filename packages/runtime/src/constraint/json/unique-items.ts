// Arrays in which no item comes twice: of a few constants, of strings, or of whole numbers.

import { countTexts, listTexts } from '../automaton/algebra.js';
import { spellJson } from '../automaton/byte-ranges.js';
import type { Dfa } from '../automaton/dfa.js';
import { regexDfa, textsDfa } from '../automaton/text-automata.js';
import type { GrammarSymbol, Production } from '../grammar/symbols.js';
import { badSchema, unsupported } from '../schema/keywords.js';
import type { Turns, WorkBudget } from '../work.js';
import type { GrammarParts } from './grammar-parts.js';
import { otherKeyScanner } from './key-set.js';
import { characterNode, type Lexemes } from './lexemes.js';
import { type ArrayShape, partsOf, type Shape } from './shape.js';

/** So many constants are alternatives of their own at each place. */
const MAX_CONSTANTS = 128;

/** How the items of an array with `uniqueItems` are generated. */
type UniqueItems =
  | { readonly type: 'constants'; readonly texts: readonly string[] }
  | { readonly type: 'strings'; readonly content: Dfa };

/** @throws ToolkitError `UNSUPPORTED_SCHEMA` when items of an array cannot be distinguished while they are written */
export function* checkUnique(root: Shape, lexemes: Lexemes, work: WorkBudget): Turns<void> {
  const shapes = new Set([root]);
  for (const shape of shapes) {
    if (work.isTurnOver()) yield;
    work.spend(1, 'alternatives');
    for (const part of partsOf(shape)) shapes.add(part);
    if (shape.type === 'array' && shape.unique !== null) itemsOf(shape, lexemes, work);
  }
}

export function createUniqueSymbols(shape: ArrayShape, { table, lexemes, work }: GrammarParts): GrammarSymbol {
  const items = itemsOf(shape, lexemes, work);
  const { min, max } = shape;
  const close = table.text(lexemes.closeBracket);
  const unsure = table.scanner({ next: () => 0, isAccepting: () => false, hasNext: () => true }, 'unsure');
  const separator = (count: number) => (count === 0 ? [] : [table.text(lexemes.comma)]);
  const first = items.type === 'constants' ? constantsFrom(items.texts) : stringsFrom(items.content, []);
  return table.nonterminal(() => [[table.text(lexemes.openBracket), first]]);

  /** The constants that are left name the place. */
  function constantsFrom(left: readonly string[]): GrammarSymbol {
    const all = (items as { texts: readonly string[] }).texts.length;
    return table.nonterminal(() => {
      const count = all - left.length;
      const found: Production[] = count >= min ? [[close]] : [];
      if (count === max) return found;
      for (const text of left) {
        const others = left.filter((one) => one !== text);
        found.push([...separator(count), table.text(constantDfa(text)), constantsFrom(others)]);
      }
      return found;
    });
  }

  function constantDfa(text: string): Dfa {
    const known = constantDfas.get(text) ?? textsDfa([text]);
    constantDfas.set(text, known);
    return known;
  }

  /** @param used strings so far; null while the last one is not known, see object-symbols.ts */
  function stringsFrom(content: Dfa, used: readonly string[] | null, count = used?.length ?? 0): GrammarSymbol {
    return table.nonterminal(() => {
      const found: Production[] = count >= min ? [[close]] : [];
      if (count === max) return found;
      if (used === null) return [...found, [...separator(count), unsure]];
      const scanner = otherKeyScanner({ keys: used }, content);
      if (!scanner.canStart) return found;
      const after = table.afterKey((text) => [
        [stringsFrom(content, text === null ? null : [...used, text], count + 1)],
      ]);
      found.push([...separator(count), table.scanner(scanner, 'open-key'), after]);
      return found;
    });
  }
}

const constantDfas = new Map<string, Dfa>();

function itemsOf(shape: ArrayShape, lexemes: Lexemes, work: WorkBudget): UniqueItems {
  const texts = shape.rest === null ? [] : constantsOf(shape.rest);
  if (texts !== null) {
    const distinct = [...new Set(texts)];
    if (distinct.length >= shape.min) return { type: 'constants', texts: distinct };
    throw badSchema(
      `no value meets it: ${shape.unique}/uniqueItems of ${distinct.length} different items and ${shape.min} at least`,
      'take a smaller minItems, or leave uniqueItems out',
    );
  }
  const content = contentOf(shape.rest!, lexemes, work);
  if (content !== null && countTexts(content) >= shape.min) return { type: 'strings', content };
  throw unsupported(
    `${shape.unique}/uniqueItems: of items that are neither strings nor a few constants it is not enforced`,
    `leave it out, and drop repeated items afterwards; or give the items ${MAX_CONSTANTS} values at most, by an enum or as integers with minimum and maximum`,
  );
}

/** The texts of a few constants, null for more. */
function constantsOf(shape: Shape): string[] | null {
  const found: string[] = [];
  const seen = new Set([shape]);
  for (const one of seen) {
    if (one.type === 'reference') seen.add(one.target!);
    else if (one.type === 'choice') for (const option of one.options) seen.add(option);
    else if (one.type === 'text' && one.isCanonical && countTexts(one.dfa) <= MAX_CONSTANTS)
      found.push(...listTexts(one.dfa));
    else if (one.type === 'matching-string' && countTexts(one.content) <= MAX_CONSTANTS) {
      found.push(...listTexts(one.content).map((text) => `"${text}"`));
    } else return null;
  }
  return found.length <= MAX_CONSTANTS ? found : null;
}

/** Strings as one automaton of what is between their quotes; null where items may be something else. */
function contentOf(shape: Shape, lexemes: Lexemes, work: WorkBudget): Dfa | null {
  let one = shape;
  for (const seen = new Set<Shape>(); !seen.has(one); ) {
    seen.add(one);
    if (one.type === 'reference') one = one.target!;
    else if (one.type === 'choice' && one.options.length === 1) one = one.options[0]!;
  }
  if (one.type === 'matching-string') return one.content;
  if (one.type !== 'string') return null;
  const { min, max } = one;
  if (min === 0 && max === Number.POSITIVE_INFINITY) return lexemes.characters;
  return regexDfa({ type: 'repeat', item: characterNode, min, max }, spellJson, work);
}
