// Capitals and classes of characters as Python's string methods see them.

import { classify, make, rebuild } from './meter.js';
import type { Text } from './text.js';

const CASED = /[\p{Cased}]/u;
const LETTER = /^\p{L}$/u;
const LOWERCASE = /^\p{Lowercase}$/u;
const UPPERCASE = /^\p{Uppercase}$/u;
const TITLECASE = /^\p{Lt}$/u;
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;
const DECIMAL = /^\p{Nd}$/u;
/** Characters with a digit's value that are no decimal digits: superscripts, circled digits and their like. */
const OTHER_DIGITS =
  /^[\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]$/u;
/** Chinese characters that stand for numbers. */
const HAN_NUMBERS =
  /^[\u3405\u3483\u382a\u3b4d\u4e00\u4e03\u4e07\u4e09\u4e24\u4e5d\u4e8c\u4e94\u4e96\u4ebf-\u4ec0\u4edf\u4ee8\u4f0d\u4f70\u5104\u5146\u5169\u516b\u516d\u5341\u5343-\u5345\u534c\u53c1-\u53c4\u56db\u58f1\u58f9\u5e7a\u5efe-\u5eff\u5f0c-\u5f0e\u5f10\u62fe\u634c\u67d2\u6f06\u7396\u767e\u8086\u842c\u8cae\u8cb3\u8d30\u9621\u9646\u964c\u9678\u96f6]$/;
const NUMERIC = /^\p{N}$/u;
const NOT_PRINTABLE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]$/u;
/** Digraphs that have a form of their own as the first letter of a word. */
const TITLE_FORMS: Readonly<Record<string, string>> = {
  ...{ Ǆ: 'ǅ', ǅ: 'ǅ', ǆ: 'ǅ', Ǉ: 'ǈ', ǈ: 'ǈ', ǉ: 'ǈ', Ǌ: 'ǋ', ǋ: 'ǋ', ǌ: 'ǋ', Ǳ: 'ǲ', ǲ: 'ǲ', ǳ: 'ǲ' },
  ...{ ß: 'Ss', ﬀ: 'Ff', ﬁ: 'Fi', ﬂ: 'Fl', ﬃ: 'Ffi', ﬄ: 'Ffl', ﬅ: 'St', ﬆ: 'St' },
};

export function upper(text: Text): Text {
  return text.with(text.text.toUpperCase());
}

export function lower(text: Text): Text {
  return text.with(text.text.toLowerCase());
}

/** `str.capitalize`: the first letter in its title form, the rest small. */
export function capitalize(text: Text): Text {
  const { text: source } = text;
  const [first = ''] = source;
  return text.with(titleForm(first) + lowerAfter(source, first.length));
}

/** Small letters of the rest of a word: a sigma at its end has another form, which depends on what is before. */
function lowerAfter(source: string, start: number): string {
  const head = source.slice(0, start);
  return source.toLowerCase().slice(head.toLowerCase().length);
}

function titleForm(character: string): string {
  return TITLE_FORMS[character] ?? character.toUpperCase();
}

/** `str.title`: every letter that follows none starts a word. */
export function title(text: Text): Text {
  rebuild(text.length);
  let isInWord = false;
  const { text: source } = text;
  const small = source.toLowerCase();
  const isAligned = small.length === source.length;
  let at = 0;
  let made = '';
  for (const character of source) {
    made += isInWord
      ? isAligned
        ? small.slice(at, at + character.length)
        : character.toLowerCase()
      : titleForm(character);
    isInWord = CASED.test(character);
    at += character.length;
  }
  return text.with(made);
}

export function swapCase(text: Text): Text {
  rebuild(text.length);
  const { text: source } = text;
  return text.with(
    Array.from(source, (c) => (isLowerCase(c) ? c.toUpperCase() : isUpperCase(c) ? c.toLowerCase() : c)).join(''),
  );
}

/** `str.casefold`, by way of capitals, which join what differs in case alone. */
export function caseFold(text: Text): Text {
  rebuild(text.length);
  // A list for each character.
  make(16 * text.length);
  const { text: source } = text;
  return text.with(
    Array.from(source, (c) => (c === 'ı' ? c : Array.from(c.toUpperCase(), (d) => d.toLowerCase()).join(''))).join(''),
  );
}

/** `str.islower` and `isupper`: some letter has a case, and none has the other. */
export function isLower(text: string): boolean {
  return hasOnly(text, isLowerCase, (c) => isUpperCase(c) || isTitleCase(c));
}

export function isUpper(text: string): boolean {
  return hasOnly(text, isUpperCase, (c) => isLowerCase(c) || isTitleCase(c));
}

function hasOnly(text: string, wanted: (c: string) => boolean, refused: (c: string) => boolean): boolean {
  classify(text.length);
  let isFound = false;
  for (const character of text) {
    if (refused(character)) return false;
    isFound ||= wanted(character);
  }
  return isFound;
}

function isLowerCase(character: string): boolean {
  return LOWERCASE.test(character);
}

function isUpperCase(character: string): boolean {
  return UPPERCASE.test(character);
}

function isTitleCase(character: string): boolean {
  return TITLECASE.test(character);
}

function isTitle(text: string): boolean {
  classify(text.length);
  let isInWord = false;
  let isFound = false;
  for (const character of text) {
    if (isUpperCase(character) || isTitleCase(character)) {
      if (isInWord) return false;
      isInWord = isFound = true;
    } else if (isLowerCase(character)) {
      if (!isInWord) return false;
      isFound = true;
    } else isInWord = false;
  }
  return isFound;
}

const isDigit = (c: string) => DECIMAL.test(c) || OTHER_DIGITS.test(c);
const isNumeric = (c: string) => NUMERIC.test(c) || HAN_NUMBERS.test(c);

/** Classes that all characters of a string are of; an empty string is of none but the last two. */
export const classes: Readonly<Record<string, (text: string) => boolean>> = {
  isalpha: (text) => all(text, (c) => LETTER.test(c)),
  isdecimal: (text) => all(text, (c) => DECIMAL.test(c)),
  isdigit: (text) => all(text, isDigit),
  isnumeric: (text) => all(text, isNumeric),
  isalnum: (text) => all(text, (c) => LETTER.test(c) || isNumeric(c)),
  isidentifier: (text) => {
    classify(text.length / 8);
    return IDENTIFIER.test(text);
  },
  islower: isLower,
  isupper: isUpper,
  istitle: isTitle,
  isascii: (text) => /^[\0-\x7f]*$/.test(text),
  isprintable: (text) => text === '' || all(text, (c) => c === ' ' || !NOT_PRINTABLE.test(c)),
};

function all(text: string, is: (character: string) => boolean): boolean {
  classify(text.length);
  for (const character of text) if (!is(character)) return false;
  return text !== '';
}
