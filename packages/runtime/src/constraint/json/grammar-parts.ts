// Functions and limits that the grammars of objects and arrays share.

import type { GrammarSymbol, SymbolTable } from '../grammar/symbols.js';
import type { WorkBudget } from '../work.js';
import type { Lexemes } from './lexemes.js';
import type { Shape } from './shape.js';

/** Functions and limits that make the symbols of parts. */
export interface GrammarParts {
  readonly table: SymbolTable;
  readonly lexemes: Lexemes;
  /** Counts the work on symbols that are made while an answer is generated. */
  readonly work: WorkBudget;
  /** The symbol of a shape. */
  readonly symbolOf: (shape: Shape) => GrammarSymbol;
}
