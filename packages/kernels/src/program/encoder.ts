// Encodes calls as the program that the native and WebAssembly kernels compute: each call is a row of float64 words.
//
// An operation is [opcode, number of words, arguments…]; an array is its address and its length. native/ops.h reads the
// arguments in the same order and checks them again.
import type { Matrix, Segment, SourceDtype } from '../kernels.js';
import { type SegmentShape, segmentShape } from '../segment-shape.js';
import { encodingCode, groupSizeOf } from '../weight-encodings.js';

/** The first word of each operation; the numbers are those of native/ops.h. */
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
  quantizePanels: 18,
} as const;

export type Operation = keyof typeof opcodes;

export const operationNames = Object.keys(opcodes) as Operation[];

/** Arrays that a program may refer to. */
export type ProgramArray = Float32Array | Int8Array | Int32Array | Uint16Array | Uint8Array;

/** The address of an array's first element for the backend's threads. Throws if the array is not the backend's. */
export type AddressOf = (array: ProgramArray) => number;

const INITIAL_WORDS = 4096;
const dtypeCodes: Readonly<Record<SourceDtype, number>> = { F32: 0, F16: 1, BF16: 2 };

/** Encoded calls, to be replayed. */
export interface EncodedCalls {
  readonly words: Float64Array;
  /** The arrays that the words point to, without caches. */
  readonly arrays: readonly ProgramArray[];
  readonly shape: SegmentShape;
  /** Indices of the words that are positions: those of all segments, call after call. */
  readonly positionWords: readonly number[];
}

/** Collects calls as words, and keeps alive the arrays that the words point to. */
export class Encoder {
  words = new Float64Array(INITIAL_WORDS);
  length = 0;
  readonly #addressOf: AddressOf;
  #arrays: ProgramArray[] = [];
  /** The arrays of replayed calls. */
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

  /** Completes the operation. */
  end(): void {
    this.words[this.#start + 1] = this.length - this.#start;
  }

  /** Removes an operation that could not be completed. */
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

  /** The calls encoded so far; null if they have different lists of segments. */
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

  /**
   * rows, cols, encoding, group size, values or panels, scales (address and length 0 without separate scales), and for Q4 the
   * codebook, four entries a word.
   */
  matrix(matrix: Matrix): this {
    this.number(matrix.rows).number(matrix.cols).number(encodingCode(matrix)).number(groupSizeOf(matrix));
    this.array('panels' in matrix ? matrix.panels : matrix.values);
    if ('scales' in matrix) this.array(matrix.scales);
    else this.number(0).number(0);
    if ('codebook' in matrix) for (const word of wordsOf(matrix.codebook)) this.number(word);
    return this;
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

/** Four bytes each, the first one lowest. */
function wordsOf(bytes: Int8Array): Uint32Array {
  return new Uint32Array(Int8Array.from(bytes).buffer);
}
