// The cases by name: what is run, and what is reported of it.

/** Precision of the weights. */
export type Weights = 'q8_0' | 'f32';

/** What the engine is measured at: sequences together, a long prompt that joins others, prompt lookup. */
export type EngineKind = 'together' | 'join' | 'lookup-repeat' | 'lookup-new';

/** A case. Speeds are in tokens per second, of all sequences together. */
export interface BenchCase {
  readonly name: string;
  /** `first-token` reports seconds from the command to the first token, and peak memory. */
  readonly kind: 'prefill' | 'decode' | 'first-token' | EngineKind;
  readonly title: string;
  readonly weights: Weights;
  /** true runs this toolkit on its WebAssembly backend; the others run as ever. */
  readonly wasm: boolean;
  readonly promptLength: number;
  readonly generateLength: number;
  readonly sequences: number;
}

/** What a full run consists of. */
export const DEFAULT_CASES = [
  'decode-8',
  'prefill-512',
  'prefill-2048',
  'decode-2000',
  'first-token',
  'decode-8-f32',
  'decode-8-wasm',
  'batch-8',
  'join-2000',
  'lookup-repeat',
  'lookup-new',
];

/** One more than are timed: the first ends the prefill. */
const DECODE_TOKENS = 65;
const SHORT_PROMPT = 8;
/** Sequences that answer while a prompt joins, and tokens of each before. */
const JOINED = { sequences: 4, generateLength: 8 };
/** A text to edit, and how much of the edited one is generated. */
const EDITED = { promptLength: 128, generateLength: 100 };

/**
 * Reads a name: `prefill-N` (a prompt of N tokens), `decode-N` (64 tokens after N, `-f32` and `-wasm` variants),
 * `batch-N` (64 tokens of N sequences), `join-N` (a prompt of N while others answer), `lookup-repeat` (a text of which 80 %
 * repeats the prompt), `lookup-new` (one that repeats nothing), `first-token`.
 */
export function parseCase(name: string): BenchCase {
  const base = { name, weights: 'q8_0', wasm: false, promptLength: SHORT_PROMPT, sequences: 1 } as const;
  if (name === 'first-token') {
    const title = `from the command to the first token, prompt of ${SHORT_PROMPT}`;
    return { ...base, kind: 'first-token', title, generateLength: 1 };
  }
  if (name === 'lookup-repeat' || name === 'lookup-new') {
    const title = `prompt lookup, ${name === 'lookup-new' ? 'nothing repeats' : '80 % repeats'}`;
    return { ...base, ...EDITED, kind: name, title };
  }
  const [, kind, digits, variant] = /^(prefill|decode|batch|join)-(\d+)(?:-(f32|wasm))?$/.exec(name) ?? [];
  const number = Number(digits);
  if (kind === 'prefill' && number > 0 && variant === undefined) {
    return { ...base, kind, title: `prefill of ${number}`, promptLength: number, generateLength: 1 };
  }
  if (kind === 'decode' && number > 0) {
    const weights = variant === 'f32' ? 'f32' : 'q8_0';
    const wasm = variant === 'wasm';
    const title = `decode after ${number}${variant === undefined ? '' : `, ${wasm ? 'WebAssembly' : 'float32 (v1)'}`}`;
    return { ...base, kind, title, weights, wasm, promptLength: number, generateLength: DECODE_TOKENS };
  }
  if (kind === 'batch' && number > 0 && variant === undefined) {
    return {
      ...base,
      kind: 'together',
      title: `decode, ${number} sequences`,
      sequences: number,
      generateLength: DECODE_TOKENS,
    };
  }
  if (kind === 'join' && number > 0 && variant === undefined) {
    return { ...base, ...JOINED, kind, title: `a prompt of ${number} joins ${JOINED.sequences}`, promptLength: number };
  }
  throw new Error(
    `case ${name}, expected prefill-N, decode-N, decode-N-f32, decode-N-wasm, batch-N, join-N, lookup-repeat, lookup-new or first-token`,
  );
}
