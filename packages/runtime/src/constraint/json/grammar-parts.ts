// What the grammars of objects and arrays are made with.

import type { GrammarSymbol, SymbolTable } from '../grammar/symbols.js';
import type { Work } from '../work.js';
import type { Lexemes } from './lexemes.js';
import type { Shape } from './shape.js';

/** What the symbols of parts are made with. */
export interface GrammarParts {
  readonly table: SymbolTable;
  readonly lexemes: Lexemes;
  /** For what is made while an answer is written. */
  readonly work: Work;
  /** The symbol of a shape. */
  readonly symbolOf: (shape: Shape) => GrammarSymbol;
}
