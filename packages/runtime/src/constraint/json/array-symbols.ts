// The grammar of arrays: first items with shapes of their own, then others, a bounded number in all.

import type { GrammarSymbol, Production } from '../grammar/symbols.js';
import type { GrammarParts } from './grammar-parts.js';
import type { ArrayShape } from './shape.js';

export function createArraySymbols(shape: ArrayShape, { table, lexemes, symbolOf }: GrammarParts): GrammarSymbol {
  const { prefix, rest, min, max } = shape;
  /** Items that are alike from here on, whatever their number. */
  const lastCount = max === Number.POSITIVE_INFINITY ? Math.max(prefix.length, min, 1) : max;
  const byCount = new Map<number, GrammarSymbol>();
  return table.nonterminal(() => [[table.text(lexemes.openBracket), itemsFrom(0)]]);

  /** What may follow behind so many items. */
  function itemsFrom(count: number): GrammarSymbol {
    const symbol = byCount.get(count) ?? table.nonterminal(() => alternatives(count));
    byCount.set(count, symbol);
    return symbol;
  }

  function alternatives(count: number): readonly Production[] {
    const item = prefix[count] ?? rest;
    const found: Production[] = [];
    if (count >= min) found.push([table.text(lexemes.closeBracket)]);
    if (count < max && item !== null) {
      const next = itemsFrom(Math.min(count + 1, lastCount));
      found.push([...(count === 0 ? [] : [table.text(lexemes.comma)]), symbolOf(item), next]);
    }
    return found;
  }
}
