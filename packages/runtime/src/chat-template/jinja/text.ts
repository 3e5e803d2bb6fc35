// A Python string that knows which of its characters the template wrote. Only in those is the name of a control token a
// control token: text of messages never becomes one, wherever a template puts it and whatever it makes of it.

import { count, make, read, step } from './meter.js';

/**
 * Where the template's own characters are: none, all, or the ends of runs of data and of template in turn, data first.
 * A joined one is worked out when it is needed.
 */
type Runs = 'data' | 'template' | Uint32Array | JoinedRuns;

interface JoinedRuns {
  readonly left: Text;
  readonly right: Text;
}

/** Memory of a string besides its characters, in characters. */
const TEXT_SIZE = 24;
const SURROGATES = /[\ud800-\udfff]/;

/** A Python `str`, or a `Markup` of markupsafe. */
export class Text {
  #runs: Runs;
  #isFlat: boolean;
  #isWide: boolean | undefined;
  #nCodePoints: number | undefined;

  private constructor(
    private readonly content: string,
    runs: Runs,
    /** Whether it is HTML, as `safe` and `escape` make it. */
    readonly isMarkup: boolean,
    isFlat: boolean,
  ) {
    this.#runs = runs;
    this.#isFlat = isFlat;
  }

  /** Text that the template did not write. */
  static data(text: string): Text {
    make(TEXT_SIZE + text.length);
    return new Text(text, 'data', false, true);
  }

  /** A literal of the template. */
  static template(text: string): Text {
    return new Text(text, 'template', false, true);
  }

  static join(parts: readonly Text[]): Text {
    if (parts.length === 1) return parts[0]!;
    make(TEXT_SIZE + 8 * parts.length);
    const text = parts.map((part) => part.content).join('');
    make(text.length);
    step(parts.length);
    if (parts.every((part) => part.#runs === 'data' || part.length === 0)) return new Text(text, 'data', false, true);
    const runs = new RunsBuilder();
    for (const part of parts) runs.add(part);
    return new Text(text, runs.runs(), false, true);
  }

  /** UTF-16 units. */
  get length(): number {
    return this.content.length;
  }

  /** The characters; to be asked for once per operation, since each asking counts as reading. */
  get text(): string {
    read(this.content.length);
    return this.#flat();
  }

  #flat(): string {
    if (!this.#isFlat) {
      // V8 puts a string that was joined from others together at its first reading.
      make(this.content.length);
      this.#isFlat = true;
    }
    return this.content;
  }

  /** Whether it holds characters of two UTF-16 units, so that Python counts fewer. */
  get isWide(): boolean {
    this.#isWide ??= SURROGATES.test(this.text);
    return this.#isWide;
  }

  /** Python's `len`. */
  get nCodePoints(): number {
    if (!this.isWide) return this.content.length;
    this.#nCodePoints ??= this.codePointOf(this.length);
    return this.#nCodePoints;
  }

  /** UTF-16 position of a code point from 0 to `nCodePoints`. */
  unitOf(codePoint: number): number {
    if (!this.isWide) return codePoint;
    const text = this.#flat();
    count(codePoint);
    let unit = 0;
    for (let n = 0; n < codePoint; n++) unit += isHigh(text, unit) && isLow(text, unit + 1) ? 2 : 1;
    return unit;
  }

  /** Code points before a UTF-16 position. */
  codePointOf(unit: number): number {
    if (!this.isWide) return unit;
    const text = this.#flat();
    count(unit);
    let n = unit;
    for (let i = 1; i < unit; i++) if (isLow(text, i) && isHigh(text, i - 1)) n--;
    return n;
  }

  /** The code points, each a string of its own. */
  characters(): Text[] {
    const { text } = this;
    make(text.length * TEXT_SIZE);
    step(text.length);
    const characters: Text[] = [];
    for (let i = 0; i < text.length; ) {
      const end = i + (isHigh(text, i) && isLow(text, i + 1) ? 2 : 1);
      characters.push(this.slice(i, end));
      i = end;
    }
    return characters;
  }

  /** @param start and end in UTF-16 units */
  slice(start: number, end = this.length): Text {
    if (start === 0 && end === this.length) return this;
    // V8 shares the characters of a part with the whole, save of a short one.
    make(TEXT_SIZE);
    return new Text(this.#flat().slice(start, end), this.#runsOf(start, end), this.isMarkup, true);
  }

  concat(other: Text): Text {
    if (this.length === 0) return other;
    if (other.length === 0) return this;
    step();
    make(2 * TEXT_SIZE);
    const length = this.length + other.length;
    // V8 joins two strings only when the result is read, and fails only then if it is too long. Its strings have a largest
    // length.
    if (length > MAX_LENGTH) make(Number.POSITIVE_INFINITY);
    const runs =
      typeof this.#runs === 'string' && this.#runs === other.#runs ? this.#runs : { left: this, right: other };
    return new Text(this.content + other.content, runs, false, false);
  }

  /** Other characters for the same ones, such as capitals: where the length changes, they are data. */
  with(text: string): Text {
    make(TEXT_SIZE + text.length);
    const runs = text.length === this.length || typeof this.#runs === 'string' ? this.#runs : 'data';
    return new Text(text, runs, this.isMarkup, true);
  }

  as(kind: 'str' | 'Markup'): Text {
    const isMarkup = kind === 'Markup';
    if (isMarkup === this.isMarkup) return this;
    make(TEXT_SIZE);
    return new Text(this.content, this.#runs, isMarkup, this.#isFlat);
  }

  /** Calls for every run, from left to right. */
  forEachRun(call: (text: string, isTemplate: boolean) => void): void {
    const { text } = this;
    const ends = this.#ends();
    let start = 0;
    for (const [i, end] of ends.entries()) {
      if (end > start) call(text.slice(start, end), i % 2 === 1);
      start = end;
    }
  }

  /** @internal Ends of runs, data first. */
  #ends(): Uint32Array {
    const runs = this.#settled();
    if (runs === 'data') return Uint32Array.of(this.length);
    if (runs === 'template') return Uint32Array.of(0, this.length);
    return runs;
  }

  #settled(): Exclude<Runs, JoinedRuns> {
    if (typeof this.#runs === 'string' || this.#runs instanceof Uint32Array) return this.#runs;
    const builder = new RunsBuilder();
    const rest: Text[] = [this];
    // By hand instead of recursion: a loop of a template may join a million times.
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      step();
      const runs = part.#runs;
      if (typeof runs === 'string' || runs instanceof Uint32Array) builder.add(part);
      else rest.push(runs.right, runs.left);
    }
    const settled = builder.runs();
    this.#runs = settled;
    return settled;
  }

  #runsOf(start: number, end: number): Runs {
    const runs = this.#settled();
    if (typeof runs === 'string') return runs;
    const builder = new RunsBuilder();
    const first = firstAfter(runs, start);
    for (let i = first, from = start; i < runs.length && from < end; from = runs[i++]!) {
      step();
      builder.addRun(Math.min(runs[i]!, end) - from, i % 2 === 1);
    }
    return builder.runs();
  }

  /** @internal For {@link RunsBuilder}. */
  static endsOf(text: Text): Uint32Array {
    return text.#ends();
  }
}

/** Just below V8's own limit. */
const MAX_LENGTH = 500_000_000;

class RunsBuilder {
  readonly #ends: number[] = [];
  #length = 0;

  add(text: Text): void {
    const ends = Text.endsOf(text);
    step(ends.length);
    let start = 0;
    for (const [i, end] of ends.entries()) {
      this.addRun(end - start, i % 2 === 1);
      start = end;
    }
  }

  addRun(length: number, isTemplate: boolean): void {
    if (length <= 0) return;
    this.#length += length;
    const isSame = this.#ends.length > 0 && (this.#ends.length % 2 === 0) === isTemplate;
    if (isSame) this.#ends[this.#ends.length - 1] = this.#length;
    else if (this.#ends.length === 0 && isTemplate) this.#ends.push(0, this.#length);
    else this.#ends.push(this.#length);
  }

  runs(): 'data' | 'template' | Uint32Array {
    const ends = this.#ends;
    if (ends.length <= 1) return 'data';
    if (ends.length === 2 && ends[0] === 0) return 'template';
    make(2 * ends.length);
    return Uint32Array.from(ends);
  }
}

/** Index of the first of ascending numbers that is above a value. */
function firstAfter(numbers: Uint32Array, value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isHigh(text: string, i: number): boolean {
  return (text.charCodeAt(i) & 0xfc00) === 0xd800;
}

function isLow(text: string, i: number): boolean {
  return (text.charCodeAt(i) & 0xfc00) === 0xdc00;
}
