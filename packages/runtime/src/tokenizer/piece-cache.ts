// Remembers the tokens of pieces seen before, within a fixed bound.

/** Natural text repeats a few thousand words. */
const MAX_PIECES = 16_384;
/** Length in UTF-16 units; longer pieces seldom occur again. Bounds the cache to a few megabytes. */
const MAX_PIECE_LENGTH = 64;

/** A bounded map from pieces to their tokens. */
export interface PieceCache {
  get(piece: string): readonly number[] | undefined;
  set(piece: string, ids: readonly number[]): void;
}

export function createPieceCache(): PieceCache {
  const tokens = new Map<string, readonly number[]>();
  return {
    get: (piece) => (piece.length > MAX_PIECE_LENGTH ? undefined : tokens.get(piece)),
    set(piece, ids) {
      if (piece.length > MAX_PIECE_LENGTH) return;
      // Emptying the cache is as good as evicting entries one by one: frequent pieces are back at once.
      if (tokens.size >= MAX_PIECES) tokens.clear();
      // A piece cut from a text keeps the whole text alive; one made from code units does not.
      tokens.set(String.fromCharCode(...codeUnits(piece)), ids);
    },
  };
}

function codeUnits(piece: string): number[] {
  return Array.from({ length: piece.length }, (_, i) => piece.charCodeAt(i));
}
