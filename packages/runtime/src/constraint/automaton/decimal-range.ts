// Automata of decimal numbers between bounds, of bounded length and without exponent.

import type { WorkBudget } from '../work.js';
import { byteClasses, type Dfa, exploreDfa } from './dfa.js';

/** A bound on a number. */
export interface NumberBound {
  readonly value: number;
  readonly isExclusive: boolean;
}

/** Which numbers are accepted. */
export interface DecimalRange {
  readonly min: NumberBound;
  readonly max: NumberBound;
  /** Digits after the decimal point at most; 0 for whole numbers. */
  readonly decimals: number;
  /** Digits before the point at most. */
  readonly digits: number;
}

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const CLASSES = byteClasses([MINUS, POINT, POINT + 1, ...Array.from({ length: 11 }, (_, i) => ZERO + i)]);

/** Numbers of one sign and one count of digits before the point, as digits with all decimals. */
interface Span {
  readonly digits: number;
  readonly low: string;
  readonly high: string;
}

/** A number that is being read, compared with one span. */
interface Thread {
  readonly span: Span;
  readonly nRead: number;
  readonly hasPoint: boolean;
  /** Whether all digits so far are those of the bound. */
  readonly isLow: boolean;
  readonly isHigh: boolean;
}

type State = { readonly phase: 'start' | 'minus' } | { readonly phase: 'digits'; readonly threads: readonly Thread[] };

/** Accepts JSON numbers in the range, −0 left out; null when there is none. */
export function decimalRangeDfa(range: DecimalRange, work: WorkBudget): Dfa | null {
  const { decimals, digits } = range;
  const scale = 10n ** BigInt(decimals);
  const most = 10n ** BigInt(digits) * scale - 1n;
  const low = clamp(lowest(range.min, decimals), most);
  const high = clamp(-lowest({ ...range.max, value: -range.max.value }, decimals), most);
  const positive = spansOf(low > 0n ? low : 0n, high, decimals, digits);
  const negative = spansOf(high < 0n ? -high : 1n, -low, decimals, digits);

  return exploreDfa<State>({
    start: { phase: 'start' },
    key: (state) => (state.phase === 'digits' ? state.threads.map(threadKey).join(' ') : state.phase),
    isAccepting: (state) => state.phase === 'digits' && state.threads.some((thread) => isComplete(thread, decimals)),
    classOf: CLASSES,
    work,
    step(state, byte) {
      if (state.phase === 'start' && byte === MINUS) return negative.length === 0 ? null : { phase: 'minus' };
      const threads =
        state.phase === 'digits' ? state.threads : (state.phase === 'minus' ? negative : positive).map(startThread);
      const next = threads.flatMap((thread) => advance(thread, byte, decimals) ?? []);
      return next.length === 0 ? null : { phase: 'digits', threads: next };
    },
  });
}

/**
 * Accepts numbers of at most `decimals` decimals that are multiples of `divisor / 10^decimals`.
 *
 * @param divisor whole, from 1
 */
export function multipleDfa(divisor: number, decimals: number, work: WorkBudget): Dfa {
  /** The remainder of the digits so far, and the number of digits after the decimal point: −1 before it. */
  type Reading = { readonly rest: number; readonly nDecimals: number; readonly phase: 'start' | 'minus' | 'digits' };
  const after = ({ rest, nDecimals }: Reading, digit: number): Reading => ({
    rest: (rest * 10 + digit) % divisor,
    nDecimals: nDecimals < 0 ? -1 : nDecimals + 1,
    phase: 'digits',
  });
  /** The rest once missing decimals are read as zeros. */
  const filled = (reading: Reading): number => {
    let { rest } = reading;
    for (let i = Math.max(0, reading.nDecimals); i < decimals; i++) rest = (rest * 10) % divisor;
    return rest;
  };
  return exploreDfa<Reading>({
    start: { rest: 0, nDecimals: -1, phase: 'start' },
    key: ({ rest, nDecimals, phase }) => `${phase === 'digits' ? '' : phase}${rest}:${nDecimals}`,
    isAccepting: (reading) => reading.phase === 'digits' && reading.nDecimals !== 0 && filled(reading) === 0,
    classOf: CLASSES,
    work,
    step(reading, byte) {
      if (byte === MINUS) return reading.phase === 'start' ? { ...reading, phase: 'minus' } : null;
      if (byte === POINT) {
        const mayFollow = reading.phase === 'digits' && reading.nDecimals < 0 && decimals > 0;
        return mayFollow ? { ...reading, nDecimals: 0 } : null;
      }
      if (byte < ZERO || byte > NINE || reading.nDecimals === decimals) return null;
      return after(reading, byte - ZERO);
    },
  })!;
}

/**
 * The lowest number with `decimals` decimals that is read as a double within the bound, times 10^decimals. Reading rounds to
 * the nearest double and never past one, so that what is not below a double's shortest decimal is read as no less.
 */
function lowest({ value, isExclusive }: NumberBound, decimals: number): bigint | number {
  if (!Number.isFinite(value)) return value;
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(
    String(isExclusive ? nextUp(value) : value),
  )!;
  const mantissa = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const shift = Number(exponent) - fraction.length + decimals;
  return shift >= 0 ? mantissa * 10n ** BigInt(shift) : divideUp(mantissa, 10n ** BigInt(-shift));
}

function divideUp(a: bigint, b: bigint): bigint {
  return a / b + (a > 0n && a % b !== 0n ? 1n : 0n);
}

/** The next larger double. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0]! += value > 0 ? 1n : -1n;
  return new Float64Array(bits.buffer)[0]!;
}

function clamp(value: bigint | number, most: bigint): bigint {
  if (typeof value === 'number') return value < 0 ? -most : most;
  if (value > most) return most + 1n;
  return value < -most ? -most - 1n : value;
}

/** Splits numbers from `low` to `high` by their digits before the point. */
function spansOf(low: bigint, high: bigint, decimals: number, maxDigits: number): Span[] {
  const scale = 10n ** BigInt(decimals);
  const spans: Span[] = [];
  for (let digits = 1; digits <= maxDigits; digits++) {
    const first = digits === 1 ? 0n : 10n ** BigInt(digits - 1) * scale;
    const last = 10n ** BigInt(digits) * scale - 1n;
    const from = low > first ? low : first;
    const to = high < last ? high : last;
    if (from > to) continue;
    const width = digits + decimals;
    spans.push({ digits, low: String(from).padStart(width, '0'), high: String(to).padStart(width, '0') });
  }
  return spans;
}

function startThread(span: Span): Thread {
  return { span, nRead: 0, hasPoint: false, isLow: true, isHigh: true };
}

function threadKey({ span, nRead, hasPoint, isLow, isHigh }: Thread): string {
  // Negative numbers have spans of their own, which may be of as many digits.
  return `${span.low}:${span.high}:${nRead}:${Number(hasPoint)}${Number(isLow)}${Number(isHigh)}`;
}

function advance(thread: Thread, byte: number, decimals: number): Thread | null {
  const { span, nRead, hasPoint } = thread;
  if (byte === POINT) return hasPoint || nRead < span.digits || decimals === 0 ? null : { ...thread, hasPoint: true };
  if (byte < ZERO || byte > NINE) return null;
  if (nRead === (hasPoint ? span.digits + decimals : span.digits)) return null;
  const low = span.low.charCodeAt(nRead);
  const high = span.high.charCodeAt(nRead);
  if ((thread.isLow && byte < low) || (thread.isHigh && byte > high)) return null;
  return {
    span,
    nRead: nRead + 1,
    hasPoint,
    isLow: thread.isLow && byte === low,
    isHigh: thread.isHigh && byte === high,
  };
}

/** Whether the number may end here: digits that are left out are zeros. */
function isComplete({ span, nRead, hasPoint, isLow }: Thread, decimals: number): boolean {
  if (hasPoint ? nRead === span.digits : nRead < span.digits) return false;
  return decimals === 0 || !isLow || /^0*$/.test(span.low.slice(nRead));
}
