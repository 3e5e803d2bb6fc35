// How many columns of a terminal a character takes.

/** Marks that sit on the character before them, and what is not shown at all. */
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Scripts set in squares, fullwidth forms, and emoji that are pictures by default. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

/** Columns of one code point: 0, 1 or 2. */
export function characterWidth(character: string): number {
  if (character <= '~') return 1;
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
