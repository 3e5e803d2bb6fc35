// The grammar of objects: declared properties in their order, then others, and no key twice.

import { textsDfa } from '../automaton/text-automata.js';
import type { GrammarSymbol, Production, Terminal } from '../grammar/symbols.js';
import type { GrammarParts } from './grammar-parts.js';
import { type KeySet, keyBytes, otherKeyScanner } from './key-set.js';
import type { ObjectShape, OtherProperties } from './shape.js';

/** A position in an object. */
interface Place {
  /** Index of the next declared property. */
  readonly index: number;
  /** Members before this position. */
  readonly count: number;
  /** Keys that may not come again; null while the last one is not known. */
  readonly used: KeySet | null;
}

/** Each set of keys is a place of its own; what is forgotten is made again. */
const MAX_PLACES = 4096;

export function createObjectSymbols(shape: ObjectShape, { table, lexemes, symbolOf }: GrammarParts): GrammarSymbol {
  const { declared, reserved, others, min, max } = shape;
  const names = { keys: reserved.map(keyBytes) };
  const keyTerminals = new Map<number, Terminal>();
  const nLaterRequired = countLaterRequired(shape);
  /** Counts that are alike from here on. */
  const lastCount = max === Number.POSITIVE_INFINITY ? Math.max(min, 1) : max;
  const byPlace = new Map<string, GrammarSymbol>();
  let unsure: Terminal | null = null;
  const colon = table.text(lexemes.colon);
  return table.nonterminal(() => [[table.text(lexemes.openBrace), membersFrom({ index: 0, count: 0, used: names })]]);

  function membersFrom(place: Place): GrammarSymbol {
    const { index, count, used } = place;
    // Spelled keys contain neither tabs nor line ends.
    const more = used === null ? '\t' : used.keys.slice(names.keys.length).join('\n');
    const key = `${index}:${count}:${more}`;
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
        found.push([...separator, keyTerminal(next), colon, symbolOf(value), members]);
      }
      if (isRequired) return found;
    }
    if (count >= min) found.push([table.text(lexemes.closeBrace)]);
    if (count < max) for (const one of others) found.push(...otherMembers(one, place, nextCount, separator));
    return found;
  }

  function keyTerminal(index: number): Terminal {
    const known = keyTerminals.get(index) ?? table.text(textsDfa([JSON.stringify(declared[index]!.name)]));
    keyTerminals.set(index, known);
    return known;
  }

  /** Whether after a declared property enough others can come, and not too many must. */
  function canFollow(index: number, count: number): boolean {
    const nLater = declared.length - index - 1;
    return count + 1 + nLaterRequired[index]! <= max && (others.length > 0 || count + 1 + nLater >= min);
  }

  function otherMembers(
    { names: content, value }: OtherProperties,
    { used }: Place,
    count: number,
    separator: Production,
  ): readonly Production[] {
    // While the last key is not known, it takes knowing it whether there is another one, if not any will do.
    if (used === null) {
      if (content !== null) return [[...separator, unsureTerminal()]];
      return [
        [...separator, table.scanner(otherKeyScanner({ keys: [] }, lexemes.characters), 'text'), unsureTerminal()],
      ];
    }
    const scanner = otherKeyScanner(used, content ?? lexemes.characters);
    if (!scanner.canStart) return [];
    const afterKey = table.afterKey((key) => {
      const keys = key === null ? null : { keys: [...used.keys, key] };
      return [[colon, symbolOf(value), membersFrom({ index: declared.length, count, used: keys })]];
    });
    return [[...separator, table.scanner(scanner, 'open-key'), afterKey]];
  }

  /** A terminal that is allowed or not depending on the last key. */
  function unsureTerminal(): Terminal {
    unsure ??= table.scanner({ next: () => 0, isAccepting: () => false, hasNext: () => true }, 'unsure');
    return unsure;
  }
}

/** (declared) required properties after each. */
function countLaterRequired({ declared }: ObjectShape): Int32Array {
  const counts = new Int32Array(declared.length);
  for (let i = declared.length - 2; i >= 0; i--) counts[i] = counts[i + 1]! + (declared[i + 1]!.isRequired ? 1 : 0);
  return counts;
}
