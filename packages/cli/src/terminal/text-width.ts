// How many columns of a terminal a text takes.

/** Marks that sit on the character before them, and what is not shown at all. */
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Scripts set in squares, fullwidth forms, and emoji that are pictures by default. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** The selector that makes a picture of a character. */
const PICTURE = '\ufe0f';

/** Columns of one code point: 0, 1 or 2. */
export function characterWidth(character: string): number {
  if (character <= '~') return 1;
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Splits a text into what a reader takes for one character: a family of emoji, a letter with its accents. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Columns of one grapheme: those of its widest character, since the others are drawn into it. */
export function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1) return characterWidth(grapheme);
  if (grapheme.includes(PICTURE)) return 2;
  return Math.max(...Array.from(grapheme, characterWidth));
}

/** Columns of a text without line ends. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}
