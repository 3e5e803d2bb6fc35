// The gate: compares figures with bounds. Everything that passes or fails a build goes through here.

import { ToolkitError } from '@llama-ts/base';

/** Limits by name: `max-…` or `min-…`, followed by the name of a figure, as in `{"max-kl": 0.01, "min-snr": 35}`. */
export type Bounds = Readonly<Record<string, number>>;

/** Measured figures by name, as in `{kl: 0.004, snr: 41.2}`. */
export type Figures = Readonly<Record<string, number>>;

/** One figure of one subject compared with one bound. */
export interface GateCheck {
  /** Name of the tensor or model that was measured. */
  readonly subject: string;
  /** As in {@link Bounds}. */
  readonly bound: string;
  /** The bound, in the unit of the figure. */
  readonly limit: number;
  /** The measured figure. */
  readonly found: number;
  readonly passed: boolean;
}

/** Digits of a figure in a line for people. */
const SHOWN_DIGITS = 6;

/**
 * Refuses bounds on figures that will not be measured: such a gate could never fail. To be called before long work.
 *
 * @param figureNames what will be measured
 * @param where the bounds come from: a file's path or the command line
 * @throws ToolkitError `BAD_BOUND`
 */
export function checkBoundNames(bounds: Bounds, figureNames: readonly string[], where: string): void {
  for (const [bound, limit] of Object.entries(bounds)) {
    if (!/^(max|min)-/.test(bound) || !figureNames.includes(figureOf(bound))) {
      const known = figureNames.map((name) => `max-${name}, min-${name}`).join(', ');
      throw new ToolkitError('BAD_BOUND', `${where}: bound ${JSON.stringify(bound)}, expected one of ${known}`);
    }
    if (!Number.isFinite(limit)) {
      throw new ToolkitError('BAD_BOUND', `${where}: bound ${bound} is ${limit}, expected a finite number`);
    }
  }
}

/**
 * Compares figures with bounds, both inclusive. A figure that is NaN breaks every bound.
 *
 * @throws ToolkitError `BAD_BOUND` for a bound on something that was not measured
 */
export function checkBounds(subject: string, figures: Figures, bounds: Bounds): GateCheck[] {
  checkBoundNames(bounds, Object.keys(figures), subject);
  return Object.entries(bounds).map(([bound, limit]) => {
    const found = figures[figureOf(bound)]!;
    return { subject, bound, limit, found, passed: bound.startsWith('max-') ? found <= limit : found >= limit };
  });
}

/** A check in words: `tok_embeddings.weight: snr 31.25, expected at least 35`. */
export function describeCheck({ subject, bound, limit, found }: GateCheck): string {
  const expected = bound.startsWith('max-') ? 'at most' : 'at least';
  const rounded = Number(found.toPrecision(SHOWN_DIGITS));
  // Rounding must not hide that a figure is beyond its bound.
  const shown = Math.sign(rounded - limit) === Math.sign(found - limit) ? rounded : found;
  return `${subject}: ${figureOf(bound)} ${shown}, expected ${expected} ${limit}`;
}

/** A gate's outcome in one line, for the log of a build. */
export function verdictLine(name: string, checks: readonly GateCheck[]): string {
  const failed = checks.filter(({ passed }) => !passed);
  if (checks.length === 0) return `${name}: no bounds given, nothing to fail`;
  if (failed.length === 0) return `PASS ${name}: ${checks.length} of ${checks.length} bounds kept`;
  const others = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  return `FAIL ${name}: ${failed.length} of ${checks.length} bounds broken: ${describeCheck(failed[0]!)}${others}`;
}

function figureOf(bound: string): string {
  return bound.slice(bound.indexOf('-') + 1);
}
