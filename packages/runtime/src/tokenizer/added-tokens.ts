// Finds added tokens in text and cuts it at them, as the Rust `tokenizers` library does.
//
// Two searches follow each other: one for the tokens that are not normalized, then one, in what those leave, for the
// others. A search takes the leftmost name, and the longest at one place; a name that its flags refuse is stepped over
// whole. A part of a text ends at a token: what stands before it is no neighbour of what follows.
//
// @see tokenizers, added_vocabulary.rs, find_matches and extract_and_normalize

import type { AddedToken } from '@llama-ts/format';
import { classOf, SPACE } from './character-classes.js';
import { createNameFinder, type NameFinder } from './name-finder.js';
import { isWordCharacter } from './word-characters.js';

/** A part of a text: an added token, or text without any. */
export type TextPart = { readonly id: number } | { readonly text: string };

/** A run of a prompt: text, or the name of a special token that stands for the token. */
export type PromptRun = { readonly text: string } | { readonly special: string };

/** How to treat special names in a text. */
export interface FindOptions {
  /** Whether they are tokens; else they are text. */
  readonly takesSpecials: boolean;
}

/** Cuts texts at added tokens. */
export interface AddedTokenFinder {
  split(text: string, options: FindOptions): TextPart[];
  /** Special tokens only where a run names one. */
  splitRuns(runs: readonly PromptRun[]): TextPart[];
}

/** A token at a place in a text, in UTF-16 units. */
interface Match {
  readonly start: number;
  readonly end: number;
  readonly token: Token;
}

/** Text that may hold tokens, and the special tokens that are known to be in it, from left to right. */
interface Piece {
  readonly text: string;
  readonly known: readonly Match[];
}

interface Token extends AddedToken {
  readonly isSpecial: boolean;
}

/** A search for added tokens: one is for text as given, the other for normalized text. */
interface Search {
  readonly normalized: boolean;
  readonly tokens: ReadonlyMap<string, Token>;
  readonly find: NameFinder;
}

export function createAddedTokenFinder(
  specialTokens: readonly AddedToken[],
  addedTokens: readonly AddedToken[],
): AddedTokenFinder {
  const tokens: Token[] = [
    ...specialTokens.map((token) => ({ ...token, isSpecial: true })),
    ...addedTokens.map((token) => ({ ...token, isSpecial: false })),
  ];
  const byName = new Map(tokens.map((token) => [token.name, token]));
  const searches = [false, true].map((normalized) => createSearch(tokens, normalized));

  function split(piece: Piece, options: FindOptions): TextPart[] {
    let parts: (Piece | Token)[] = [piece];
    for (const search of searches) {
      if (search.tokens.size > 0) {
        parts = parts.flatMap((part) => ('id' in part ? [part] : [...cutPiece(search, part, options)]));
      }
    }
    return parts.map((part) => ('id' in part ? { id: part.id } : { text: part.text }));
  }

  return {
    split(text, options) {
      const hasAny = addedTokens.length > 0 || (options.takesSpecials && specialTokens.length > 0);
      return hasAny ? split({ text, known: [] }, options) : [{ text }];
    },
    splitRuns(runs) {
      let text = '';
      const known: Match[] = [];
      for (const run of runs) {
        const start = text.length;
        text += 'text' in run ? run.text : run.special;
        if ('special' in run) known.push({ start, end: text.length, token: byName.get(run.special)! });
      }
      return split({ text, known }, { takesSpecials: false });
    },
  };
}

function createSearch(tokens: readonly Token[], normalized: boolean): Search {
  const sought = new Map(
    tokens.filter((token) => (token.normalized ?? false) === normalized).map((token) => [token.name, token]),
  );
  return { normalized, tokens: sought, find: createNameFinder(sought.keys()) };
}

/** Cuts a piece at the tokens of one search. */
function* cutPiece(search: Search, piece: Piece, options: FindOptions): Generator<Piece | Token> {
  const { text } = piece;
  let cutAt = 0;
  for (const match of matchesIn(search, piece, options)) {
    const { token } = match;
    if (token.singleWord && isInsideWord(text, match)) continue;
    let { start, end } = match;
    if (token.lstrip) while (start > cutAt && isSpace(text, start - 1)) start--;
    if (token.lstrip) start = Math.max(start, cutAt);
    if (token.rstrip) while (end < text.length && isSpace(text, end)) end++;
    if (start > cutAt) yield pieceOf(piece, cutAt, start);
    // The token before may have taken all of it as white space; the rest is text again.
    if (start < end) yield token;
    cutAt = end;
  }
  if (cutAt < text.length) yield pieceOf(piece, cutAt, text.length);
}

/** Names between the known tokens, and those of the known ones that this search is for. */
function* matchesIn(search: Search, { text, known }: Piece, options: FindOptions): Generator<Match> {
  let from = 0;
  for (const match of known) {
    yield* namesIn(search, text, from, match.start, options);
    if ((match.token.normalized ?? false) === search.normalized) yield match;
    from = match.end;
  }
  yield* namesIn(search, text, from, text.length, options);
}

function* namesIn(
  search: Search,
  text: string,
  from: number,
  to: number,
  { takesSpecials }: FindOptions,
): Generator<Match> {
  for (const { start, end, name } of search.find(text.slice(from, to))) {
    const token = search.tokens.get(name)!;
    if (takesSpecials || !token.isSpecial) yield { start: from + start, end: from + end, token };
  }
}

function pieceOf({ text, known }: Piece, start: number, end: number): Piece {
  const within = known.filter((match) => match.start >= start && match.end <= end);
  return {
    text: text.slice(start, end),
    known: within.map((match) => ({ ...match, start: match.start - start, end: match.end - start })),
  };
}

function isInsideWord(text: string, { start, end }: Match): boolean {
  return (start > 0 && isWordCharacter(codePointBefore(text, start))) || isWordCharacter(text.codePointAt(end) ?? -1);
}

/** White space takes one UTF-16 unit. */
function isSpace(text: string, at: number): boolean {
  return classOf[text.charCodeAt(at)] === SPACE;
}

function codePointBefore(text: string, end: number): number {
  const isPair = end > 1 && (text.charCodeAt(end - 1) & 0xfc00) === 0xdc00;
  return text.codePointAt(end - (isPair ? 2 : 1))!;
}
