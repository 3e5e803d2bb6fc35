// What a regular expression is made of, once it is read.

import type { CodePoints } from './code-points.js';

/** A regular expression as a tree. */
export type RegexNode =
  | { readonly type: 'characters'; readonly set: CodePoints }
  | { readonly type: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly type: 'choice'; readonly options: readonly RegexNode[] }
  | { readonly type: 'repeat'; readonly item: RegexNode; readonly min: number; readonly max: number }
  /** What the rest of the text begins with, or does not begin with. */
  | { readonly type: 'lookahead'; readonly item: RegexNode; readonly isNegative: boolean }
  /** The beginning or the end of the text. */
  | { readonly type: 'start' }
  | { readonly type: 'end' };
