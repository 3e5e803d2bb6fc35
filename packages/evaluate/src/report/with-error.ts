// A figure with its standard error, as the page shows it.

import type { Estimate } from '../eval/statistics.js';
import { shortNumber } from './plot.js';

/** Two digits of the error, and the value to the same place. */
export function withError({ value, standardError }: Estimate): string {
  if (!(standardError > 0)) return shortNumber(value);
  const digits = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(standardError))));
  return `${value.toFixed(digits)} ± ${standardError.toFixed(digits)}`;
}
