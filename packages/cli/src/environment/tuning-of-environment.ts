// The choices of the kernels that LLAMA_TUNING forces, and how they are written.

import { ToolkitError } from '@llama-ts/base';
import type { ChosenTuning, Tuning, TuningReason } from '@llama-ts/kernels';

/** The choices by their names in LLAMA_TUNING. */
const names: Readonly<Record<string, keyof Tuning>> = {
  prefetch: 'prefetch',
  'prefetch-bytes': 'prefetchBytes',
  'stream-tokens': 'streamTokens',
  'share-bytes': 'shareBytes',
  spins: 'spins',
};

/**
 * What LLAMA_TUNING says, as in `prefetch=second-level,prefetch-bytes=12288`; undefined when it is unset or empty. Opening the
 * kernels checks the values.
 *
 * @throws ToolkitError `USAGE` for text of another form
 */
export function tuningOfEnvironment(): Partial<Tuning> | undefined {
  const text = process.env.LLAMA_TUNING;
  if (!text) return undefined;
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', value = ''] = part.split('=');
      const choice = Object.hasOwn(names, name) ? names[name] : undefined;
      if (choice === undefined || value === '') {
        throw new ToolkitError('USAGE', `LLAMA_TUNING: "${part}", expected ${Object.keys(names).join('=…, ')}=…`);
      }
      return [choice, choice === 'prefetch' ? value : Number(value)];
    }),
  );
}

/** The choices as LLAMA_TUNING takes them. */
export function tuningText(tuning: Tuning): string {
  return Object.entries(names)
    .map(([name, choice]) => `${name}=${tuning[choice]}`)
    .join(',');
}

/** Where the choices come from. */
export function tuningReasons({ cpu, reasons }: ChosenTuning): string {
  const from = (reason: TuningReason) => Object.keys(names).filter((name) => reasons[names[name]!] === reason);
  const sources: readonly [TuningReason, string][] = [
    ['CPU', `${cpu}`],
    ['measured', 'a measurement on this machine'],
    ['forced', 'LLAMA_TUNING'],
  ];
  const parts = sources.flatMap(([reason, source]) => {
    const chosen = from(reason);
    return chosen.length === 0 ? [] : [`${chosen.join(', ')} by ${source}`];
  });
  const rest = cpu === null ? 'else defaults, as this CPU is not in the table' : `else the defaults for ${cpu}`;
  return [...parts, rest].join('; ');
}
