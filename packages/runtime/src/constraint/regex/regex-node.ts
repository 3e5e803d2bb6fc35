// The nodes of a parsed regular expression.

import type { CodePoints } from './code-points.js';

/** A regular expression as a tree. */
export type RegexNode =
  | { readonly type: 'characters'; readonly set: CodePoints }
  | { readonly type: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly type: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly type: 'repeat'; readonly item: RegexNode; readonly min: number; readonly max: number }
  /** The beginning of the rest of the text, required or forbidden. */
  | { readonly type: 'lookahead'; readonly item: RegexNode; readonly isNegative: boolean }
  /** The beginning or the end of the text. */
  | { readonly type: 'start' }
  | { readonly type: 'end' };
