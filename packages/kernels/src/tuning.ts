// Choices of the native kernels that depend on the core. None of them changes a bit of a result, only how fast it is there.
import { invalid } from './expect.js';
import { type WasmModuleName, wasmModuleNames } from './wasm/wasm-modules.js';

/** Ways to prefetch weights, in the order of native/tuning.h. */
export const prefetchTargets = ['none', 'first-level', 'second-level', 'page-starts'] as const;

/** Which mapped files are replaced in memory by copies in huge pages: none, those in small pages if there is plenty of memory, or all. */
export const copyMapChoices = ['never', 'small-pages', 'always'] as const;

/** How kernels use the core and the memory. */
export interface Tuning {
  /**
   * The cache that a single token prefetches weights into: `first-level` means that one only, `page-starts` the second level and
   * only the first line of each page of 4,096 bytes, after which the core's own prefetcher reads the page.
   */
  readonly prefetch: (typeof prefetchTargets)[number];
  /** How far ahead of its use a weight is prefetched, in bytes; 0 to 1,048,576. */
  readonly prefetchBytes: number;
  /** The most tokens for which rows are streamed instead of rearranged; 1 to 64, but no more than the backend is compiled for. */
  readonly streamTokens: number;
  /** The most bytes of weights that a thread takes at a time; 4,096 to 16,777,216. */
  readonly shareBytes: number;
  /** How often a thread at a barrier checks for the others before it sleeps; 0 to 1,000,000. */
  readonly spins: number;
  /** Which mapped weights are copied to huge pages, in the background. Linux alone has them. */
  readonly copyMap: (typeof copyMapChoices)[number];
}

/** Choices that a caller makes in place of the kernels, for measurements. Kernels ignore those that they do not have. */
export interface ForcedTuning extends Partial<Tuning> {
  /** The module of the WebAssembly kernels. */
  readonly wasmModule?: WasmModuleName;
}

/** Where a choice comes from: the instruction set, the table of CPUs, a measurement on this machine, or the caller. */
export type TuningReason = 'default' | 'CPU' | 'measured' | 'forced';

/** The choices of opened kernels. */
export interface ChosenTuning extends Tuning {
  /** What the CPU is called in the table; null if the table has no such CPU. */
  readonly cpu: string | null;
  readonly reasons: Readonly<Record<keyof Tuning, TuningReason>>;
}

/** The choices in the order of native/tuning.h. */
export const tuningNames = ['prefetch', 'prefetchBytes', 'streamTokens', 'shareBytes', 'spins', 'copyMap'] as const;

/** The fields of native/tuning.h. */
export function encodeTuning({ prefetch, prefetchBytes, streamTokens, shareBytes, spins }: Tuning): Uint32Array {
  return Uint32Array.of(prefetchTargets.indexOf(prefetch), prefetchBytes, streamTokens, shareBytes, spins);
}

/** Decodes the fields of native/tuning.h, in their order there, and adds what the addon does not choose. */
export function decodeTuning(fields: Uint32Array): Tuning {
  const [prefetch, prefetchBytes, streamTokens, shareBytes, spins] = fields as Iterable<number> as number[];
  return {
    prefetch: prefetchTargets[prefetch!]!,
    prefetchBytes: prefetchBytes!,
    streamTokens: streamTokens!,
    shareBytes: shareBytes!,
    spins: spins!,
    copyMap: 'small-pages',
  };
}

/** Checks forced choices. @throws ToolkitError `INVALID_ARGUMENT` */
export function checkTuning({ prefetch, copyMap, wasmModule, ...numbers }: ForcedTuning): void {
  if (wasmModule !== undefined && !wasmModuleNames.includes(wasmModule)) {
    throw invalid(`tuning: wasmModule is ${wasmModule}, expected one of ${wasmModuleNames.join(', ')}`);
  }
  if (prefetch !== undefined && !prefetchTargets.includes(prefetch)) {
    throw invalid(`tuning: prefetch is ${prefetch}, expected one of ${prefetchTargets.join(', ')}`);
  }
  if (copyMap !== undefined && !copyMapChoices.includes(copyMap)) {
    throw invalid(`tuning: copyMap is ${copyMap}, expected one of ${copyMapChoices.join(', ')}`);
  }
  const ranges = {
    prefetchBytes: [0, 2 ** 20],
    streamTokens: [1, 64],
    shareBytes: [4096, 2 ** 24],
    spins: [0, 1e6],
  } as const;
  for (const [name, [least, largest]] of Object.entries(ranges)) {
    const value = numbers[name as keyof typeof ranges];
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= largest)) {
      throw invalid(`tuning: ${name} is ${value}, expected a whole number from ${least} to ${largest}`);
    }
  }
}
