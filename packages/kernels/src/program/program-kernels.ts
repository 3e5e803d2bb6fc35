// The kernel interface over a runner of encoded programs: checks calls, encodes them, and runs the program.
import { nextTask, type Openable, ToolkitError } from '@llama-ts/base';
import * as check from '../check-calls.js';
import type {
  Allocator,
  BackendName,
  Kernels,
  Matrix,
  OpenWeightsOptions,
  Recording,
  Segment,
  WeightFile,
} from '../kernels.js';
import { nonFiniteError } from '../non-finite.js';
import type { ChosenTuning } from '../tuning.js';
import type { ChosenWasmModule } from '../wasm/wasm-modules.js';
import { type AddressOf, type EncodedCalls, Encoder, operationNames } from './encoder.js';

/** Runs programs: on the threads of the addon, or on WebAssembly workers. */
export interface ProgramRunner {
  readonly backend: BackendName;
  readonly threads: number;
  readonly rowCost: number;
  readonly prefersGroupMaxima: boolean;
  readonly tuning: ChosenTuning | null;
  readonly wasmModule?: ChosenWasmModule;
  readonly allocate: Allocator;
  readonly addressOf: AddressOf;
  openWeights(from: Openable, options?: OpenWeightsOptions): Promise<WeightFile>;
  /** Starts a program of `length` words. Returns the index of an operation it refuses, or the promise of its end. */
  start(words: Float64Array, length: number): { readonly refused: number } | { readonly done: Promise<void> };
  /** Makes the running program end soon. */
  cancel(): void;
  /** Whether a result of the last program was not finite. */
  nonFinite(): boolean;
  /** Throws `FILE_SHRANK` if a file of weights became shorter. */
  checkFiles(): void;
  close(): Promise<void>;
}

/** Kernels that queue calls, and run them as one program. */
export function programKernels(runner: ProgramRunner): Kernels {
  const encoder = new Encoder(runner.addressOf);
  let running = false;
  let lastRun: Promise<unknown> = Promise.resolve();
  /** Arrays of indices that the queued calls read. */
  let indices: check.Indices[] = [];

  /** Encodes an operation; if that throws, no word of it stays. */
  const queue = (operation: (typeof operationNames)[number], args: (encoder: Encoder) => Encoder): void => {
    if (running) throw new ToolkitError('INVALID_ARGUMENT', `${operation}: called while run() is under way`);
    encoder.begin(operation);
    try {
      args(encoder).end();
    } catch (error) {
      encoder.undo();
      throw error;
    }
  };

  /** Remembers indices that every replay checks again: once, and not for every layer that uses the same positions. */
  const keepIndices = (found: check.Indices): void => {
    const isKnown = indices.some(({ values, below }) => values === found.values && below <= found.below);
    if (!isKnown) indices.push(found);
  };

  const forget = (): void => {
    encoder.clear();
    indices = [];
  };

  const recordingOf = (calls: EncodedCalls, recordedIndices: readonly check.Indices[]): Recording => ({
    replay(segments) {
      if (running || encoder.length > 0) {
        throw new ToolkitError(
          'INVALID_ARGUMENT',
          'replay: called after other calls, expected it to be the first call of a run',
        );
      }
      if (!calls.shape.matches(segments)) return false;
      if (segments.length > 0) check.checkSegments('replay', 0, segments);
      recordedIndices.forEach(check.checkIndices);
      encoder.replay(calls, segments);
      indices = [...recordedIndices];
      return true;
    },
  });

  const finish = async (signal: AbortSignal | undefined): Promise<void> => {
    const started = runner.start(encoder.words, encoder.length);
    if ('refused' in started) throw refusedError(encoder, started.refused);
    const onAbort = () => runner.cancel();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await started.done;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    signal?.throwIfAborted();
    runner.checkFiles();
    if (runner.nonFinite()) throw nonFiniteError();
  };

  return {
    backend: runner.backend,
    threads: runner.threads,
    allocate: runner.allocate,
    prefersGroupMaxima: runner.prefersGroupMaxima,
    rowCost: runner.rowCost,
    tuning: runner.tuning,
    wasmModule: runner.wasmModule ?? null,
    async openWeights(from, options) {
      const file = await runner.openWeights(from, options);
      const close = async () => {
        await lastRun; // its threads may still be reading
        await file.close();
      };
      return { ...file, close };
    },
    embed(out, table, tokens) {
      keepIndices(check.checkEmbed(out, table, tokens));
      queue('embed', (e) => e.array(out).matrix(table).array(tokens));
    },
    rmsNorm(out, x, weight, epsilon) {
      check.checkRmsNorm(out, x, weight, epsilon);
      queue('rmsNorm', (e) => e.array(out).array(x).array(weight).number(epsilon));
    },
    linear(outputs, weights, x) {
      check.checkLinear(outputs, weights, x);
      queue('linear', (e) => encodeLinear(e, outputs, weights, x));
    },
    rope(x, table, positions, headDim) {
      keepIndices(check.checkRope(x, table, positions, headDim));
      queue('rope', (e) => e.array(x).array(table.cos).array(table.sin).array(positions).number(headDim));
    },
    store(layer, key, value, segments) {
      check.checkStore(layer, key, value, segments);
      queue('store', (e) => encodeCacheCall(e, key, value, layer, segments));
    },
    attention(out, q, layer, segments) {
      check.checkAttention(out, q, layer, segments);
      queue('attention', (e) => encodeCacheCall(e, q, out, layer, segments));
    },
    swiGlu(gate, up) {
      check.checkSameLength('swiGlu', gate, up);
      queue('swiGlu', (e) => e.array(gate).array(up));
    },
    add(x, y) {
      check.checkSameLength('add', x, y);
      queue('add', (e) => e.array(x).array(y));
    },
    gather(out, x, rows, cols) {
      keepIndices(check.checkGather(out, x, rows, cols));
      queue('gather', (e) => e.array(out).array(x).array(rows).number(cols));
    },
    softmax(out, logits, cols, temperature) {
      check.checkSoftmax(out, logits, cols, temperature);
      queue('softmax', (e) => e.array(out).array(logits).number(cols).number(temperature));
    },
    widen(out, source, dtype) {
      check.checkWiden(out, source, dtype);
      queue('widen', (e) => e.array(out).array(source).dtype(dtype));
    },
    quantize(values, scales, x, groupSize) {
      check.checkQuantize('quantize', values, scales, x, groupSize);
      queue('quantize', (e) => e.array(values).array(scales).array(x).number(groupSize));
    },
    dequantize(out, values, scales, groupSize) {
      check.checkQuantize('dequantize', values, scales, out, groupSize);
      queue('dequantize', (e) => e.array(values).array(scales).array(out).number(groupSize));
    },
    quantizeWeights(values, scales, largest, source, dtype, groupSize) {
      check.checkQuantizeWeights(values, scales, largest, source, dtype, groupSize);
      largest[0] = 0; // the threads raise it
      const encode = (e: Encoder) => e.array(values).array(scales).array(largest).array(source);
      queue('quantizeWeights', (e) => encode(e).dtype(dtype).number(groupSize));
    },
    quantizePanels(matrix, largest, source, dtype) {
      check.checkQuantizePanels(matrix, largest, source, dtype);
      largest[0] = 0; // the threads raise it
      queue('quantizePanels', (e) => e.matrix(matrix).array(largest).array(source).dtype(dtype));
    },
    largestMagnitude(out, x) {
      check.checkLargestMagnitude(out);
      out[0] = 0; // the threads raise it
      queue('largestMagnitude', (e) => e.array(out).array(x));
    },
    groupMaxima(maxima, inexact, scales) {
      check.checkGroupMaxima(maxima, inexact, scales);
      inexact[0] = 0; // a thread sets it
      queue('groupMaxima', (e) => e.array(maxima).array(inexact).array(scales));
    },
    xorAll(out, x) {
      check.checkXorAll(out);
      out[0] = 0; // the threads fold into it
      queue('xorAll', (e) => e.array(out).array(x));
    },
    record() {
      const calls = encoder.record();
      return calls === null ? null : recordingOf(calls, [...indices]);
    },
    discard() {
      if (running) throw new ToolkitError('INVALID_ARGUMENT', 'discard: called while run() is under way');
      forget();
    },
    async run(signal) {
      if (running) throw new ToolkitError('INVALID_ARGUMENT', 'run: called while another run is under way');
      running = true;
      try {
        signal?.throwIfAborted();
        if (encoder.length === 0) await nextTask();
        else {
          const finished = finish(signal);
          lastRun = finished.catch(() => {});
          await finished;
        }
      } finally {
        forget();
        running = false;
      }
    },
    async close() {
      runner.cancel();
      await lastRun;
      await runner.close();
    },
  };
}

function encodeLinear(
  encoder: Encoder,
  outputs: readonly Float32Array[],
  weights: readonly Matrix[],
  x: Float32Array,
): Encoder {
  encoder.array(x).number(weights.length);
  for (let i = 0; i < weights.length; i++) encoder.array(outputs[i]!).matrix(weights[i]!);
  return encoder;
}

/** Encodes a call on the caches of segments: `store` of keys and values, or `attention` of queries to an output. */
function encodeCacheCall(
  encoder: Encoder,
  first: Float32Array,
  second: Float32Array,
  layer: number,
  segments: readonly Segment[],
): Encoder {
  return encoder.array(first).array(second).cache(layer, segments);
}

function refusedError(encoder: Encoder, index: number): ToolkitError {
  let at = 0;
  for (let i = 0; i < index; i++) at += encoder.words[at + 1]!;
  const name = operationNames[encoder.words[at]! - 1] ?? 'unknown';
  return new ToolkitError('INVALID_ARGUMENT', `${name}: operation ${index} has arrays of other lengths than its shape`);
}
