// The kernel interface: the computations of a Llama forward pass and of an export, as calls on typed arrays.
//
// Calls are queued in order and computed by `run()`. Until its promise resolves, leave the arrays of the calls alone: a
// backend may compute at any time from the call on (the reference computes in the call).
// Every array comes from `kernels.allocate` or from a `WeightFile` of the same `kernels`, and every call checks lengths.
// Results are canonical (docs/arithmetic.md): the same bits on every backend, thread count and batch.

import type { Openable } from '@llama-ts/base';
import { type InstructionSet, instructionSets } from './instruction-sets.js';
import type { ChosenTuning } from './tuning.js';
import type { ChosenWasmModule } from './wasm/wasm-modules.js';

/** The name of a backend: the native kernels by their instruction set, WebAssembly, or plain TypeScript. */
export type BackendName = InstructionSet | 'wasm' | 'reference';

/** The native backends, fastest first. */
export const nativeBackendNames = Object.keys(instructionSets) as InstructionSet[];

/** All backends, fastest first. */
export const backendNames: readonly BackendName[] = [...nativeBackendNames, 'wasm', 'reference'];

/** Element types of a checkpoint. */
export type SourceDtype = 'F32' | 'F16' | 'BF16';

/** Bytes of an element. */
export const sourceDtypeBytes: Readonly<Record<SourceDtype, number>> = { F32: 4, F16: 2, BF16: 2 };

/** float32 weights, (rows = outputs, cols = inputs), row-major. */
export interface Float32Matrix {
  readonly dtype: 'F32';
  readonly rows: number;
  readonly cols: number;
  /** (rows, cols) */
  readonly values: Float32Array;
}

/** Group-quantized weights, (rows = outputs, cols = inputs), row-major: weight = values * scale of its group. */
export interface Q8Matrix {
  readonly dtype: 'Q8_0';
  readonly rows: number;
  /** Inputs: a multiple of `groupSize`. */
  readonly cols: number;
  /** Consecutive values that share a scale; divides `cols`; 1 to 1,024. */
  readonly groupSize: number;
  /** (rows, cols), each -127 to 127 */
  readonly values: Int8Array;
  /**
   * (rows, cols / groupSize). Float32Array: the scales. Uint16Array: the largest magnitude of each group as bfloat16, which
   * divided by 127 is the scale. It takes half the memory, and gives the same bits if `groupMaxima` found it exact.
   */
  readonly scales: Float32Array | Uint16Array;
}

/**
 * Group-quantized weights, (rows = outputs, cols = inputs), in panels of 16 rows with groups of 32 columns. Values are int8 from
 * -127 to 127, scales are float16 and finite: weight = value * scale of its group. panels.ts has the layout.
 */
export interface Q8PanelMatrix {
  readonly dtype: 'Q8';
  readonly rows: number;
  /** A multiple of 32. */
  readonly cols: number;
  /** All panels, one after the other; `panelsByteLength` bytes */
  readonly panels: Uint8Array;
}

/** The same with 4-bit values: weight = codebook[value] * scale of its group. */
export interface Q4PanelMatrix {
  readonly dtype: 'Q4';
  readonly rows: number;
  /** A multiple of 32. */
  readonly cols: number;
  /** All panels, one after the other; `panelsByteLength` bytes */
  readonly panels: Uint8Array;
  /** (16), each -127 to 127, in any order. Calls copy it, so that it may be any array. */
  readonly codebook: Int8Array;
}

/** Weights in panels of 16 rows. */
export type PanelMatrix = Q8PanelMatrix | Q4PanelMatrix;

/** Weights of one linear layer or of the embedding table. */
export type Matrix = Float32Matrix | Q8Matrix | PanelMatrix;

/** The key/value cache of one sequence. */
export interface KeyValueCache {
  /** Transformer layers. */
  readonly nLayers: number;
  /** Key/value heads of a layer. */
  readonly nKvHeads: number;
  /** The most positions that the cache holds. */
  readonly seqLen: number;
  /** Values of a key or value of one head. */
  readonly headDim: number;
  /** (nLayers, nKvHeads, seqLen, headDim), keys after RoPE; half-precision bits when a Uint16Array */
  readonly keys: Float32Array | Uint16Array;
  /** (nLayers, nKvHeads, seqLen, headDim); half-precision bits when a Uint16Array */
  readonly values: Float32Array | Uint16Array;
}

/** Rows of a batch that are consecutive tokens of one sequence. */
export interface Segment {
  readonly cache: KeyValueCache;
  /** The first row of the batch that belongs to the sequence. */
  readonly row: number;
  /** How many rows belong to it. */
  readonly nRows: number;
  /** The position in the sequence of the first of these rows. */
  readonly position: number;
}

/** Cosines and sines of the rotary embedding, computed once in float64 and rounded. */
export interface RopeTable {
  /** (seqLen, headDim / 2) */
  readonly cos: Float32Array;
  /** (seqLen, headDim / 2) */
  readonly sin: Float32Array;
}

/** An open file of weights. */
export interface WeightFile {
  /** Length of the file in bytes. */
  readonly byteLength: number;
  /** `length` float32 values from `byteOffset`; a view where the backend can, else a copy. */
  float32(byteOffset: number, length: number): Promise<Float32Array>;
  /** `length` int8 values from `byteOffset`; a view where the backend can, else a copy. */
  int8(byteOffset: number, length: number): Promise<Int8Array>;
  /** `length` bytes from `byteOffset`; a view where the backend can, else a copy. */
  uint8(byteOffset: number, length: number): Promise<Uint8Array>;
  /** Closes the file. Its arrays must not be used afterwards. */
  close(): Promise<void>;
}

/** How to open a file of weights. */
export interface OpenWeightsOptions {
  /** false reads the file into memory instead of mapping it (native backends; default true). */
  readonly map?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Allocates arrays that the kernels can work on, filled with zeros. On the native backends an array of 64 KiB or more starts at
 * a multiple of 4,096 bytes, as writing it to a disk without the page cache requires.
 *
 * @throws ToolkitError `LIMIT_EXCEEDED` if there is no memory for an array
 */
export interface Allocator {
  float32(length: number): Float32Array;
  int8(length: number): Int8Array;
  int32(length: number): Int32Array;
  uint16(length: number): Uint16Array;
  uint8(length: number): Uint8Array;
  /** Bytes that will all be written. They lie in huge pages if the system has them, which makes address lookups rarer. */
  filled(length: number): Uint8Array;
  /** Bytes that can still be allocated. Absent if the backend has no limit of its own. */
  available?(): number;
}

/** The calls of one run, to be queued again. */
export interface Recording {
  /**
   * Queues the calls again, before any other call. Arrays are the same and may have new contents. Segments have the same caches
   * and rows, and may have other positions. For segments of other caches or rows it queues nothing and returns false.
   *
   * @throws ToolkitError `INVALID_ARGUMENT` for positions and indices out of range
   */
  replay(segments: readonly Segment[]): boolean;
}

/**
 * The kernels of one backend. `n` is the number of rows (tokens) of a batch.
 *
 * @see docs/arithmetic.md for the canonical arithmetic of each
 */
export interface Kernels {
  readonly backend: BackendName;
  /** Number of threads that compute, not counting the caller's. */
  readonly threads: number;
  readonly allocate: Allocator;
  /** Whether kernels are faster with the maxima of groups in place of scales: if they wait for memory, not for arithmetic. */
  readonly prefersGroupMaxima: boolean;
  /** Cost of each further row of a pass, relative to a pass over one row; measured for each instruction set. */
  readonly rowCost: number;
  /** What the native kernels chose for this CPU; null for backends that have nothing to choose. */
  readonly tuning: ChosenTuning | null;
  /** The module of WebAssembly kernels; null for others. */
  readonly wasmModule: ChosenWasmModule | null;

  /**
   * Opens a file of weights: a path, a Blob, or a source of bytes, which must stay open while the weights are.
   *
   * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_SHRANK`, `MODEL_TOO_LARGE_FOR_WASM`
   */
  openWeights(from: Openable, options?: OpenWeightsOptions): Promise<WeightFile>;

  /** out (n, cols) = rows `tokens` (n) of `table` (vocabSize, cols), dequantized. */
  embed(out: Float32Array, table: Matrix, tokens: Int32Array): void;

  /** out (n, dim) = weight * (x / rms(x)), row by row; x (n, dim), weight (dim). `out` may be `x`. */
  rmsNorm(out: Float32Array, x: Float32Array, weight: Float32Array, epsilon: number): void;

  /**
   * outputs[i] (n, weights[i].rows) = x · weights[i]ᵀ; x (n, cols). All weights have one dtype, `cols` and group size, except
   * that Q8 and Q4 may be mixed. For quantized weights x is first quantized per group, once for all of them.
   */
  linear(outputs: readonly Float32Array[], weights: readonly Matrix[], x: Float32Array): void;

  /** Turns x (n, nHeads, headDim) in place: adjacent pairs by the angle of `positions` (n). */
  rope(x: Float32Array, table: RopeTable, positions: Int32Array, headDim: number): void;

  /** Writes key and value (n, nKvHeads, headDim) of a layer into the caches of the segments. */
  store(layer: number, key: Float32Array, value: Float32Array, segments: readonly Segment[]): void;

  /**
   * out (n, nHeads, headDim): causal attention of q (n, nHeads, headDim) over the layer's cache, each row over the
   * positions up to and including its own. Consecutive query heads share a key/value head.
   */
  attention(out: Float32Array, q: Float32Array, layer: number, segments: readonly Segment[]): void;

  /** gate = silu(gate) * up, element by element. */
  swiGlu(gate: Float32Array, up: Float32Array): void;

  /** x = x + y, element by element. */
  add(x: Float32Array, y: Float32Array): void;

  /** out (n, cols) = rows `rows` (n) of x (anything, cols). */
  gather(out: Float32Array, x: Float32Array, rows: Int32Array, cols: number): void;

  /** out (n, cols) = softmax(logits / temperature), row by row; temperature > 0. `out` may be `logits`. */
  softmax(out: Float32Array, logits: Float32Array, cols: number, temperature: number): void;

  /** out = source elements widened to float32, exactly. `source` holds little-endian elements of `dtype`. */
  widen(out: Float32Array, source: Uint8Array, dtype: SourceDtype): void;

  /**
   * Quantizes x in groups of `groupSize` consecutive values: scale = max|x| / 127, value = round-half-to-even(x / scale).
   * This is the rule of docs/format.md. NaN and infinities give a scale that is not finite, which the caller must refuse.
   */
  quantize(values: Int8Array, scales: Float32Array, x: Float32Array, groupSize: number): void;

  /** out = values * scale of their group, each product rounded once. */
  dequantize(out: Float32Array, values: Int8Array, scales: Float32Array, groupSize: number): void;

  /**
   * `widen` and `quantize` in one pass over memory: source elements of `dtype` become values and scales of groups.
   * largest (1) = the largest |weight − value * scale|, product and difference each rounded once. It is NaN if and only if a
   * weight is NaN or infinite: the values of such a group are zeros, its scale is not finite, and 0 * scale is NaN.
   * If all weights are finite, it is infinity for the largest float32, for which 127 * scale overflows, and else finite.
   */
  quantizeWeights(
    values: Int8Array,
    scales: Float32Array,
    largest: Float32Array,
    source: Uint8Array,
    dtype: SourceDtype,
    groupSize: number,
  ): void;

  /**
   * Source elements of `dtype` (rows, cols) become the panels of `matrix`, which are written. Scales and values are chosen by the
   * rules of docs/arithmetic.md; a codebook must ascend. largest (1) = the largest |weight − stored weight|, product and
   * difference each rounded once. It is NaN if and only if a weight is NaN or infinite; groups with a weight of 2^23 or more are
   * stored as zeros in 4 bits, so that it is then at least 2^23.
   */
  quantizePanels(matrix: PanelMatrix, largest: Float32Array, source: Uint8Array, dtype: SourceDtype): void;

  /**
   * maxima[i] = the bfloat16 that divided by 127 is scales[i]. It exists if the weights were bfloat16 before `quantize`.
   * inexact (1) = 0 if every scale has one, else 1. A scale below 2e-36 may count as having none.
   */
  groupMaxima(maxima: Uint16Array, inexact: Int32Array, scales: Float32Array): void;

  /** out (1) = the largest |x|: NaN if x has a NaN, else infinity if x has one; 0 for an empty array. */
  largestMagnitude(out: Float32Array, x: Float32Array): void;

  /** out (1) = exclusive-or of all words of x. It is as fast as memory is read, and so a ceiling for every other kernel. */
  xorAll(out: Int32Array, x: Int32Array): void;

  /**
   * The calls queued so far, for later runs: replaying them is faster than calling again. The recording keeps no cache alive. null
   * if the backend computes each call at once, or if the calls had several lists of segments.
   */
  record(): Recording | null;

  /** Removes all queued calls: for a caller after a call that threw. */
  discard(): void;

  /**
   * Computes the queued calls. Rejects with `signal.reason` once aborted (arrays then hold partial results), and with
   * ToolkitError `FILE_SHRANK` if a mapped file became shorter. Only one `run` may be in progress at a time.
   */
  run(signal?: AbortSignal): Promise<void>;

  /** Stops the threads and releases memory. */
  close(): Promise<void>;
}
