// The kernel interface: what a Llama forward pass and an export need computed, as calls on typed arrays.
//
// Calls are queued in order and computed by `run()`; arrays may be read once its promise resolves. A backend is free to
// compute at the call itself (the reference does), so arrays handed to a call must stay untouched until `run()` is done.
// Every array comes from `kernels.allocate` or from a `WeightFile` of the same `kernels`, and every call checks lengths.
// Results are canonical (docs/arithmetic.md): the same bits on every backend, thread count and batch.

/** Backends by name, fastest first. */
export const backendNames = ['avx512vnni', 'avx512', 'avx2', 'neon', 'generic', 'wasm', 'reference'] as const;

/** One of {@link backendNames}. */
export type BackendName = (typeof backendNames)[number];

/** Element types a checkpoint may hold. */
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
  readonly cols: number;
  /** Consecutive values that share a scale; divides `cols`; 1 to 1,024. */
  readonly groupSize: number;
  /** (rows, cols), each -127 to 127 */
  readonly values: Int8Array;
  /**
   * (rows, cols / groupSize). Float32Array: the scales. Uint16Array: the largest magnitude of each group in bfloat16,
   * whose scale is that over 127: half the memory, and the same bits where `groupMaxima` found it exact.
   */
  readonly scales: Float32Array | Uint16Array;
}

/** Weights of one linear layer or of the embedding table. */
export type Matrix = Float32Matrix | Q8Matrix;

/** Keys and values of one sequence, kept for the positions to come. */
export interface KeyValueCache {
  readonly nLayers: number;
  readonly nKvHeads: number;
  /** Positions the cache has room for. */
  readonly seqLen: number;
  readonly headDim: number;
  /** (nLayers, nKvHeads, seqLen, headDim), keys after RoPE; half-precision bits when a Uint16Array */
  readonly keys: Float32Array | Uint16Array;
  /** (nLayers, nKvHeads, seqLen, headDim); half-precision bits when a Uint16Array */
  readonly values: Float32Array | Uint16Array;
}

/** Rows of a batch that are consecutive tokens of one sequence. */
export interface Segment {
  readonly cache: KeyValueCache;
  /** First row of the batch that belongs to the sequence. */
  readonly row: number;
  /** Rows that belong to it. */
  readonly nRows: number;
  /** Position of the first of them in the sequence. */
  readonly position: number;
}

/** Cosines and sines of the rotary embedding, computed once in float64 and rounded. */
export interface RopeTable {
  /** (seqLen, headDim / 2) */
  readonly cos: Float32Array;
  /** (seqLen, headDim / 2) */
  readonly sin: Float32Array;
}

/** A file of weights, opened for as long as a model lives. */
export interface WeightFile {
  /** Length of the file in bytes. */
  readonly byteLength: number;
  /** `length` float32 values from `byteOffset`; a view where the backend can, else a copy. */
  float32(byteOffset: number, length: number): Float32Array;
  /** `length` int8 values from `byteOffset`; a view where the backend can, else a copy. */
  int8(byteOffset: number, length: number): Int8Array;
  /** Releases the file. Its arrays must not be used afterwards. */
  close(): Promise<void>;
}

/** How to open a file of weights. */
export interface OpenWeightsOptions {
  /** false reads the file into memory instead of mapping it (native backends; default true). */
  readonly map?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Allocates arrays that the kernels can work on; contents start as zeros. On the native backends arrays of 64 KiB and more
 * start at a page of 4,096 bytes, so that they can go to a disk as they lie.
 *
 * @throws ToolkitError `LIMIT_EXCEEDED` where there is no memory for an array
 */
export interface Allocator {
  float32(length: number): Float32Array;
  int8(length: number): Int8Array;
  int32(length: number): Int32Array;
  uint16(length: number): Uint16Array;
  uint8(length: number): Uint8Array;
  /** Bytes that will all be written: in large pages where the system has them, of which it looks up fewer addresses. */
  filled(length: number): Uint8Array;
  /** Bytes that can still be had, where the backend has a limit of its own. */
  available?(): number;
}

/** Calls that were queued for one run. */
export interface Recording {
  /**
   * Queues them again, before any other call: with the same arrays, whose contents may be others, and with segments of the same
   * caches and rows at other positions. Returns false, and queues nothing, for segments of other caches or rows.
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
  /** Threads that compute, the caller's not counted. */
  readonly threads: number;
  readonly allocate: Allocator;
  /** Whether reading scales costs more than computing them from the maxima of groups. */
  readonly prefersGroupMaxima: boolean;

  /** Opens a file of weights. @throws ToolkitError `FILE_UNREADABLE`, `MODEL_TOO_LARGE_FOR_WASM` */
  openWeights(path: string, options?: OpenWeightsOptions): Promise<WeightFile>;

  /** out (n, cols) = rows `tokens` (n) of `table` (vocabSize, cols), dequantized. */
  embed(out: Float32Array, table: Matrix, tokens: Int32Array): void;

  /** out (n, dim) = weight * (x / rms(x)), row by row; x (n, dim), weight (dim). `out` may be `x`. */
  rmsNorm(out: Float32Array, x: Float32Array, weight: Float32Array, epsilon: number): void;

  /**
   * outputs[i] (n, weights[i].rows) = x · weights[i]ᵀ; x (n, cols). All weights have one dtype, `cols` and group size.
   * For Q8_0 weights x is first quantized per group, once for all of them.
   */
  linear(outputs: readonly Float32Array[], weights: readonly Matrix[], x: Float32Array): void;

  /** Turns x (n, nHeads, headDim) in place: adjacent pairs by the angle of `positions` (n). */
  rope(x: Float32Array, table: RopeTable, positions: Int32Array, headDim: number): void;

  /** Writes key and value (n, nKvHeads, headDim) of a layer into the caches of their segments. */
  store(layer: number, key: Float32Array, value: Float32Array, segments: readonly Segment[]): void;

  /**
   * out (n, nHeads, headDim): causal attention of q (n, nHeads, headDim) over the layer's cache, each row over the
   * positions up to and including its own; consecutive query heads share a key/value head.
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
   * The writer's rule (docs/format.md). NaN and infinities give a non-finite scale, which the caller refuses.
   */
  quantize(values: Int8Array, scales: Float32Array, x: Float32Array, groupSize: number): void;

  /** out = values * scale of their group, each product rounded once. */
  dequantize(out: Float32Array, values: Int8Array, scales: Float32Array, groupSize: number): void;

  /**
   * `widen` and `quantize` in one pass over memory: source elements of `dtype` to values and scales of their groups.
   * largest (1) = the largest |weight − value * scale|, product and difference each rounded once. It is NaN exactly where
   * a weight is NaN or infinite: such a group has zeros for values and a scale that is not finite, and 0 * scale is NaN.
   * With finite weights it is finite but for one: 127 * scale overflows for the largest float32, and it is infinity.
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
   * maxima[i] = the bfloat16 that over 127 is scales[i], as of weights that were bfloat16 before `quantize` saw them.
   * inexact (1) = 0 where every scale has one, else 1; a scale below 2e-36 may count as one that has none.
   */
  groupMaxima(maxima: Uint16Array, inexact: Int32Array, scales: Float32Array): void;

  /** out (1) = the largest |x|; NaN if there is one, else infinity if there is one; 0 for an empty array. */
  largestMagnitude(out: Float32Array, x: Float32Array): void;

  /** out (1) = exclusive-or of all words of x. Its speed is that of reading memory, the ceiling of every other kernel. */
  xorAll(out: Int32Array, x: Int32Array): void;

  /**
   * What is queued so far, for later runs: encoding two hundred calls takes longer than reading them. It holds no cache. null
   * where each call is computed as it comes, and where calls had several lists of segments.
   */
  record(): Recording | null;

  /** Forgets what is queued: for a caller of which a call was refused. */
  discard(): void;

  /**
   * Computes what was queued. Rejects with `signal.reason` once aborted (arrays then hold partial results) and with
   * ToolkitError `FILE_SHRANK` when a mapped file became shorter. One `run` may be under way at a time.
   */
  run(signal?: AbortSignal): Promise<void>;

  /** Stops the threads and releases memory. */
  close(): Promise<void>;
}
