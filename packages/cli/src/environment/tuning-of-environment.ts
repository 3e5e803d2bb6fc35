// The choices of the kernels that LLAMA_TUNING forces, and how they are written.

import { ToolkitError } from '@llama-ts/base';
import type { ChosenTuning, ChosenWasmModule, ForcedTuning, Tuning, TuningReason } from '@llama-ts/kernels';

/** The choices of native kernels by their names in LLAMA_TUNING. */
const names: Readonly<Record<string, keyof Tuning>> = {
  prefetch: 'prefetch',
  'prefetch-bytes': 'prefetchBytes',
  'stream-tokens': 'streamTokens',
  'share-bytes': 'shareBytes',
  spins: 'spins',
  'copy-map': 'copyMap',
};
/** All choices, with the module of the WebAssembly kernels. */
const allNames: Readonly<Record<string, keyof ForcedTuning>> = { ...names, 'wasm-module': 'wasmModule' };
const textChoices: ReadonlySet<keyof ForcedTuning> = new Set(['prefetch', 'copyMap', 'wasmModule']);

const moduleReasons: Readonly<Record<ChosenWasmModule['reason'], string>> = {
  forced: 'LLAMA_TUNING',
  refused: 'the engine, which refuses relaxed SIMD',
  inexact: 'the engine, whose relaxed SIMD gives other results',
  measured: 'a measurement of relaxed SIMD, which is exact in this engine',
};

/**
 * What LLAMA_TUNING says, as in `prefetch=second-level,prefetch-bytes=12288`; undefined when it is unset or empty. Opening the
 * kernels checks the values.
 *
 * @throws ToolkitError `USAGE` for text of another form
 */
export function tuningOfEnvironment(): ForcedTuning | undefined {
  const text = process.env.LLAMA_TUNING;
  if (!text) return undefined;
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', value = ''] = part.split('=');
      const choice = Object.hasOwn(allNames, name) ? allNames[name] : undefined;
      if (choice === undefined || value === '') {
        throw new ToolkitError('USAGE', `LLAMA_TUNING: "${part}", expected ${Object.keys(allNames).join('=…, ')}=…`);
      }
      return [choice, textChoices.has(choice) ? value : Number(value)];
    }),
  );
}

/** The choices as LLAMA_TUNING takes them. */
export function tuningText(tuning: Tuning): string {
  return Object.entries(names)
    .map(([name, choice]) => `${name}=${tuning[choice]}`)
    .join(',');
}

/** The module of the WebAssembly kernels as LLAMA_TUNING takes it. */
export function moduleText({ name }: ChosenWasmModule): string {
  return `wasm-module=${name}`;
}

/** What chose the module. */
export function moduleReason({ reason }: ChosenWasmModule): string {
  return moduleReasons[reason];
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
