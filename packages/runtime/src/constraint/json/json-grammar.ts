// From the shape of JSON values to the grammar of their texts.

import { createSymbolTable, type GrammarSymbol, type Production } from '../grammar/symbols.js';
import type { WorkBudget } from '../work.js';
import { createArraySymbols } from './array-symbols.js';
import type { GrammarParts } from './grammar-parts.js';
import type { Lexemes } from './lexemes.js';
import { createObjectSymbols } from './object-symbols.js';
import type { Shape } from './shape.js';

/** The symbol of a shape without parts that let nothing through. */
export function jsonGrammar(root: Shape, lexemes: Lexemes, work: WorkBudget): GrammarSymbol {
  const table = createSymbolTable();
  const known = new Map<Shape, GrammarSymbol>();
  const counted = new Map<string, GrammarSymbol>();
  const parts: GrammarParts = { table, lexemes, work, symbolOf };
  return symbolOf(root);

  function symbolOf(shape: Shape): GrammarSymbol {
    const symbol = known.get(shape) ?? makeSymbol(shape);
    known.set(shape, symbol);
    return symbol;
  }

  function makeSymbol(shape: Shape): GrammarSymbol {
    const { quote } = lexemes;
    switch (shape.type) {
      case 'text':
        return table.text(shape.dfa);
      case 'string':
        return sequence([table.text(quote), characters(shape.min, shape.max), table.text(quote)]);
      case 'matching-string':
        return sequence([table.text(quote), table.text(shape.content), table.text(quote)]);
      case 'choice':
        return table.nonterminal(() => shape.options.map((option) => [symbolOf(option)]));
      case 'reference':
        return table.nonterminal(() => [[symbolOf(shape.target!)]]);
      case 'object':
        return createObjectSymbols(shape, parts);
      case 'array':
        return createArraySymbols(shape, parts);
    }
  }

  function sequence(production: Production): GrammarSymbol {
    return table.nonterminal(() => [production]);
  }

  /** So many characters, counted one by one: large counts cost nothing before they are reached. */
  function characters(min: number, max: number): GrammarSymbol {
    if (min === 0 && max === Number.POSITIVE_INFINITY) return table.text(lexemes.characters);
    const key = `${min}:${max}`;
    const symbol =
      counted.get(key) ??
      table.nonterminal(() => [
        ...(min === 0 ? [[]] : []),
        ...(max === 0 ? [] : [[table.text(lexemes.character), characters(Math.max(0, min - 1), max - 1)]]),
      ]);
    counted.set(key, symbol);
    return symbol;
  }
}
