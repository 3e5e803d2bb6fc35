// The grammar of objects: declared properties in their order, then others, and no key twice.

import { textsDfa } from '../automaton/text-automata.js';
import type { GrammarSymbol, Production, Terminal } from '../grammar/symbols.js';
import type { GrammarParts } from './grammar-parts.js';
import { type KeySet, keyBytes, otherKeyScanner } from './key-set.js';
import type { ObjectShape } from './shape.js';

/** Where the members of an object stand. */
interface Place {
  /** Of the next declared property. */
  readonly index: number;
  /** Members so far. */
  readonly count: number;
  /** Keys that may not come again; null while the last one is not known. */
  readonly used: KeySet | null;
}

/** Each set of keys is a place of its own; what is forgotten is made again. */
const MAX_PLACES = 4096;

export function createObjectSymbols(shape: ObjectShape, { table, lexemes, symbolOf }: GrammarParts): GrammarSymbol {
  const { declared, additional, min, max } = shape;
  const names = { keys: declared.map(({ name }) => keyBytes(name)) };
  const keyTerminals = declared.map(({ name }) => textsDfa([JSON.stringify(name)])).map((dfa) => table.text(dfa));
  /** Counts that are alike from here on. */
  const lastCount = max === Number.POSITIVE_INFINITY ? Math.max(min, 1) : max;
  const byPlace = new Map<string, GrammarSymbol>();
  let unsure: Terminal | null = null;
  const colon = table.text(lexemes.colon);
  return table.nonterminal(() => [[table.text(lexemes.openBrace), membersFrom({ index: 0, count: 0, used: names })]]);

  function membersFrom(place: Place): GrammarSymbol {
    const { index, count, used } = place;
    // Neither a tab nor a line end stands in a spelled key.
    const others = used === null ? '\t' : used.keys.slice(names.keys.length).join('\n');
    const key = `${index}:${count}:${others}`;
    const symbol = byPlace.get(key) ?? table.nonterminal(() => alternatives(place));
    if (byPlace.size === MAX_PLACES) byPlace.clear();
    byPlace.set(key, symbol);
    return symbol;
  }

  function alternatives(place: Place): readonly Production[] {
    const { index, count } = place;
    const separator = count === 0 ? [] : [table.text(lexemes.comma)];
    const nextCount = Math.min(count + 1, lastCount);
    const found: Production[] = [];
    let next = index;
    for (; next < declared.length; next++) {
      const { value, isRequired } = declared[next]!;
      if (canFollow(next, count)) {
        const members = membersFrom({ ...place, index: next + 1, count: nextCount });
        found.push([...separator, keyTerminals[next]!, colon, symbolOf(value), members]);
      }
      if (isRequired) return found;
    }
    if (count >= min) found.push([table.text(lexemes.closeBrace)]);
    if (additional !== null && count < max) found.push([...separator, ...otherMember(place, nextCount)]);
    return found;
  }

  /** Whether behind a declared property enough others can come, and not too many must. */
  function canFollow(index: number, count: number): boolean {
    const later = declared.slice(index + 1);
    const nRequired = later.filter(({ isRequired }) => isRequired).length;
    return count + 1 + nRequired <= max && (additional !== null || count + 1 + later.length >= min);
  }

  function otherMember({ used }: Place, count: number): Production {
    if (used === null)
      return [table.scanner(otherKeyScanner({ keys: [] }, lexemes.characters), 'text'), unsureTerminal()];
    const index = declared.length;
    const behindKey = table.afterKey((key) => {
      const keys = key === null ? null : { keys: [...used.keys, key] };
      return [[colon, symbolOf(additional!), membersFrom({ index, count, used: keys })]];
    });
    return [table.scanner(otherKeyScanner(used, lexemes.characters), 'open-key'), behindKey];
  }

  /** What comes behind a second key: whether it may be that one cannot be said without the first. */
  function unsureTerminal(): Terminal {
    unsure ??= table.scanner({ next: () => 0, isAccepting: () => false, hasNext: () => true }, 'unsure');
    return unsure;
  }
}
