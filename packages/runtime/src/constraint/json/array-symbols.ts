// The grammar of arrays: first items with shapes of their own, then others, a bounded number in all.

import type { GrammarSymbol, Production } from '../grammar/symbols.js';
import type { GrammarParts } from './grammar-parts.js';
import type { ArrayShape, ItemShapes, Shape } from './shape.js';
import { createUniqueSymbols } from './unique-items.js';

const INFINITY = Number.POSITIVE_INFINITY;

export function createArraySymbols(shape: ArrayShape, parts: GrammarParts): GrammarSymbol {
  if (shape.unique !== null) return createUniqueSymbols(shape, parts);
  const { table, lexemes, symbolOf } = parts;
  const { prefix, min, max, contained } = shape;
  /** From this index on all items have the same schema, whatever their number. */
  const lastCount = max === INFINITY ? Math.max(prefix.length, min, 1) : max;
  const byPlace = new Map<string, GrammarSymbol>();
  return table.nonterminal(() => [[table.text(lexemes.openBracket), itemsFrom(0, 0)]]);

  /** The symbols after `count` items, `nWanted` of which match. */
  function itemsFrom(count: number, nWanted: number): GrammarSymbol {
    const place = `${count}:${nWanted}`;
    const symbol = byPlace.get(place) ?? table.nonterminal(() => alternatives(count, nWanted));
    byPlace.set(place, symbol);
    return symbol;
  }

  function alternatives(count: number, nWanted: number): readonly Production[] {
    const found: Production[] = [];
    if (count >= min && nWanted >= (contained?.min ?? 0)) found.push([table.text(lexemes.closeBracket)]);
    if (count === max) return found;
    for (const { item, n } of itemsAt(count, nWanted)) {
      const next = itemsFrom(Math.min(count + 1, lastCount), n);
      found.push([...(count === 0 ? [] : [table.text(lexemes.comma)]), symbolOf(item), next]);
    }
    return found;
  }

  /** Items that may come next, each with the number of wanted ones then. */
  function itemsAt(count: number, nWanted: number): readonly { readonly item: Shape; readonly n: number }[] {
    if (contained === null) return list(shape, count, nWanted);
    const { wanted, unwanted } = contained;
    // With enough matches and no upper bound, counting stops.
    if (contained.max === INFINITY && nWanted >= contained.min) return list(unwanted, count, nWanted);
    const found = nWanted < contained.max ? list(wanted, count, nWanted + 1) : [];
    return [...found, ...list(unwanted, count, nWanted)].filter(({ n }) => canEnd(count + 1, n));
  }

  function list(items: ItemShapes, count: number, n: number) {
    const item = items.prefix[count] ?? items.rest;
    return item === null || isNever(item) ? [] : [{ item, n }];
  }

  /** Whether `count` items, `nWanted` of which match, can be the beginning of an array. */
  function canEnd(count: number, nWanted: number): boolean {
    const { wanted, unwanted, min: least, max: most } = contained!;
    let low = nWanted;
    let high = nWanted;
    for (let i = count; ; i++) {
      if (i >= min && high >= least && low <= most) return true;
      if (i >= max || low > most) return false;
      const isWanted = list(wanted, i, 0).length > 0;
      const isUnwanted = list(unwanted, i, 0).length > 0;
      if (!isWanted && !isUnwanted) return false;
      if (!isUnwanted) low++;
      if (isWanted) high++;
      // From here on all items are alike: what is missing is there in time, or never.
      if (i >= prefix.length) return isReachable(i + 1, low, high, isWanted, isUnwanted);
    }
  }

  function isReachable(count: number, low: number, high: number, isWanted: boolean, isUnwanted: boolean): boolean {
    const { min: least, max: most } = contained!;
    const nNeeded = Math.max(min - count, isWanted ? least - high : high < least ? INFINITY : 0, 0);
    return count + nNeeded <= max && low + (isUnwanted ? 0 : nNeeded) <= most;
  }
}

function isNever(shape: Shape): boolean {
  return shape.type === 'choice' && shape.options.length === 0;
}
