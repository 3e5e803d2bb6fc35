// Reads a list of Python calls with literals for arguments: `[f(a=1, b="x"), g(c=[True, None])]`. Nothing is evaluated.

/** A call: the function's name, and its arguments by theirs. */
export type PythonCall = readonly [name: string, args: Readonly<Record<string, unknown>>];

/** Deeper literals are refused. */
const MAX_DEPTH = 64;
const NAME = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const SPACE = /\s*/y;
const CONSTANTS: Readonly<Record<string, unknown>> = {
  True: true,
  False: false,
  None: null,
  true: true,
  false: false,
  null: null,
};
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '0': '\0',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};
/** Digits of escapes by code. */
const CODE_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Thrown and caught in this file. */
class NotPython extends Error {}

/** @returns null for anything else */
export function parsePythonCalls(text: string): readonly PythonCall[] | null {
  try {
    return new Reader(text).calls();
  } catch (error) {
    if (error instanceof NotPython) return null;
    throw error;
  }
}

/** Reads from left to right. */
class Reader {
  #at = 0;

  constructor(private readonly text: string) {}

  calls(): PythonCall[] {
    const calls = this.#items('[', ']', () => this.#call());
    if (this.#at < this.text.length) throw new NotPython();
    return calls;
  }

  #call(): PythonCall {
    const name = this.#match(NAME);
    const seen = new Set<string>();
    const args = this.#items('(', ')', (): [string, unknown] => {
      const key = this.#match(NAME);
      if (key.includes('.') || seen.has(key)) throw new NotPython();
      seen.add(key);
      this.#take('=');
      return [key, this.#value(0)];
    });
    return [name, Object.fromEntries(args)];
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new NotPython();
    this.#skipSpace();
    const character = this.text[this.#at];
    if (character === '"' || character === "'") return this.#string();
    if (character === '[') return this.#items('[', ']', () => this.#value(depth + 1));
    if (character === '(') return this.#items('(', ')', () => this.#value(depth + 1));
    if (character === '{') {
      return Object.fromEntries(
        this.#items('{', '}', (): [string, unknown] => {
          const key = this.#value(depth + 1);
          if (typeof key !== 'string' && typeof key !== 'number') throw new NotPython();
          this.#take(':');
          return [String(key), this.#value(depth + 1)];
        }),
      );
    }
    if (character !== undefined && /[\d.+-]/.test(character)) return Number(this.#match(NUMBER));
    const word = this.#match(NAME);
    if (!Object.hasOwn(CONSTANTS, word)) throw new NotPython();
    return CONSTANTS[word];
  }

  /** Items between two brackets, parted by commas, of which one may follow the last item. */
  #items<T>(open: string, close: string, item: () => T): T[] {
    const items: T[] = [];
    this.#take(open);
    while (!this.#takeIf(close)) {
      items.push(item());
      if (this.#takeIf(',')) continue;
      this.#take(close);
      break;
    }
    return items;
  }

  #string(): string {
    const quote = this.text[this.#at++];
    const parts: string[] = [];
    for (let from = this.#at; ; ) {
      const character = this.text[this.#at];
      if (character === undefined) throw new NotPython();
      if (character !== quote && character !== '\\') {
        this.#at++;
        continue;
      }
      parts.push(this.text.slice(from, this.#at++));
      if (character === quote) return parts.join('');
      parts.push(this.#escape());
      from = this.#at;
    }
  }

  #escape(): string {
    const kind = this.text[this.#at++];
    if (kind === undefined) throw new NotPython();
    const nDigits = CODE_DIGITS[kind];
    if (nDigits === undefined) return ESCAPES[kind] ?? `\\${kind}`;
    const digits = this.text.slice(this.#at, this.#at + nDigits);
    const code = Number.parseInt(digits, 16);
    if (digits.length < nDigits || !/^[\da-fA-F]+$/.test(digits) || code > 0x10ffff) throw new NotPython();
    this.#at += nDigits;
    return String.fromCodePoint(code);
  }

  #match(pattern: RegExp): string {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.text) ?? [];
    if (found === undefined) throw new NotPython();
    this.#at += found.length;
    return found;
  }

  #take(character: string): void {
    if (!this.#takeIf(character)) throw new NotPython();
  }

  #takeIf(character: string): boolean {
    this.#skipSpace();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    this.#skipSpace();
    return true;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.text)![0].length;
  }
}
