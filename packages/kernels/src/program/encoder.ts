// The program that the native and WebAssembly kernels execute: each call as a row of float64 words.
//
// An operation is [opcode, number of words, arguments…]; an array is its address and its length. The C++ side reads the
// arguments in the same order (native/ops.h) and checks them again.
import type { Matrix, Segment, SourceDtype } from '../kernels.js';
import { type SegmentShape, segmentShape } from '../segment-shape.js';

/** What each operation starts with; the numbers are those of native/ops.h. */
export const opcodes = {
  embed: 1,
  rmsNorm: 2,
  linear: 3,
  rope: 4,
  store: 5,
  attention: 6,
  swiGlu: 7,
  add: 8,
  gather: 9,
  softmax: 10,
  widen: 11,
  quantize: 12,
  dequantize: 13,
  xorAll: 14,
  quantizeWeights: 15,
  largestMagnitude: 16,
  groupMaxima: 17,
} as const;

export type Operation = keyof typeof opcodes;

export const operationNames = Object.keys(opcodes) as Operation[];

/** Arrays a program may hold. */
export type ProgramArray = Float32Array | Int8Array | Int32Array | Uint16Array | Uint8Array;

/** Where an array's first element lies, as the backend's threads see it. Throws when it is not the backend's. */
export type AddressOf = (array: ProgramArray) => number;

const INITIAL_WORDS = 4096;
const dtypeCodes: Readonly<Record<SourceDtype, number>> = { F32: 0, F16: 1, BF16: 2 };

/** Encoded calls, to be put among the words again. */
export interface EncodedCalls {
  readonly words: Float64Array;
  /** What the words point to, but for caches. */
  readonly arrays: readonly ProgramArray[];
  readonly shape: SegmentShape;
  /** Which words are positions: those of all segments, call after call. */
  readonly positionWords: readonly number[];
}

/** Collects calls as words, and keeps the arrays alive that the words point to. */
export class Encoder {
  words = new Float64Array(INITIAL_WORDS);
  length = 0;
  readonly #addressOf: AddressOf;
  #arrays: ProgramArray[] = [];
  /** Of recorded calls. */
  #replayedArrays: readonly ProgramArray[] = [];
  #segmentLists = new Set<readonly Segment[]>();
  #positionWords: number[] = [];
  #start = 0;

  constructor(addressOf: AddressOf) {
    this.#addressOf = addressOf;
  }

  begin(operation: Operation): this {
    this.#start = this.length;
    return this.number(opcodes[operation]).number(0);
  }

  /** Completes the operation: only then does it count. */
  end(): void {
    this.words[this.#start + 1] = this.length - this.#start;
  }

  /** Forgets an operation that could not be completed. */
  undo(): void {
    this.length = this.#start;
    this.#positionWords = this.#positionWords.filter((word) => word < this.#start);
  }

  clear(): void {
    this.length = 0;
    this.#arrays = [];
    this.#replayedArrays = [];
    this.#segmentLists.clear();
    this.#positionWords = [];
  }

  /** What was encoded so far; null for calls with several lists of segments. */
  record(): EncodedCalls | null {
    if (this.#segmentLists.size > 1) return null;
    const segments = [...this.#segmentLists][0] ?? [];
    const ofCaches = new Set<ProgramArray>(segments.flatMap(({ cache }) => [cache.keys, cache.values]));
    return {
      words: this.words.slice(0, this.length),
      arrays: [...this.#replayedArrays, ...this.#arrays].filter((array) => !ofCaches.has(array)),
      shape: segmentShape(segments),
      positionWords: [...this.#positionWords],
    };
  }

  /** Encodes recorded calls before any others, for segments of the same shape. */
  replay({ words, arrays, positionWords }: EncodedCalls, segments: readonly Segment[]): void {
    this.#makeRoom(words.length);
    this.words.set(words);
    this.length = words.length;
    positionWords.forEach((word, i) => {
      this.words[word] = segments[i % segments.length]!.position;
    });
    for (const { cache } of segments) this.#arrays.push(cache.keys, cache.values);
    this.#replayedArrays = arrays;
    this.#segmentLists.add(segments);
    this.#positionWords = [...positionWords];
  }

  number(value: number): this {
    this.#makeRoom(this.length + 1);
    this.words[this.length++] = value;
    return this;
  }

  #makeRoom(length: number): void {
    if (length <= this.words.length) return;
    const larger = new Float64Array(Math.max(length, 2 * this.words.length));
    larger.set(this.words);
    this.words = larger;
  }

  array(array: ProgramArray): this {
    this.#arrays.push(array);
    return this.number(this.#addressOf(array)).number(array.length);
  }

  /** rows, cols, group size (0: float32), values, scales, whether those are maxima. */
  matrix(matrix: Matrix): this {
    const { rows, cols, values } = matrix;
    this.number(rows).number(cols);
    this.number(matrix.dtype === 'F32' ? 0 : matrix.groupSize);
    this.array(values);
    if (matrix.dtype === 'F32') return this.number(0).number(0).number(0);
    return this.array(matrix.scales).number(matrix.scales instanceof Uint16Array ? 1 : 0);
  }

  cache(layer: number, segments: readonly Segment[]): this {
    const { nLayers, nKvHeads, headDim } = segments[0]!.cache;
    this.#segmentLists.add(segments);
    this.number(layer).number(nLayers).number(nKvHeads).number(headDim).number(segments.length);
    for (const { cache, row, nRows, position } of segments) {
      const isHalf = cache.keys instanceof Uint16Array;
      this.array(cache.keys)
        .array(cache.values)
        .number(isHalf ? 1 : 0);
      this.number(cache.seqLen).number(row).number(nRows);
      this.#positionWords.push(this.length);
      this.number(position);
    }
    return this;
  }

  dtype(dtype: SourceDtype): this {
    return this.number(dtypeCodes[dtype]);
  }
}
