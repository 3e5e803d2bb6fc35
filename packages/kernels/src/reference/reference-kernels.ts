// The plain TypeScript kernels: the reference that every other backend is compared with. Each call computes at once.
import { nextTask } from '@llama-ts/base';
import { arrayAllocator } from '../allocation.js';
import * as check from '../check-calls.js';
import type { Kernels } from '../kernels.js';
import { nonFiniteError } from '../non-finite.js';
import { attention, store } from './attention.js';
import { embed, gather } from './embed.js';
import { groupMaxima } from './group-maxima.js';
import { largestMagnitude } from './largest-magnitude.js';
import { linear } from './linear.js';
import { dequantize, quantize } from './quantize.js';
import { quantizePanels } from './quantize-panels.js';
import { quantizeWeights } from './quantize-weights.js';
import { readWeights } from './read-weights.js';
import { rmsNorm } from './rms-norm.js';
import { rope } from './rope.js';
import { softmax } from './softmax.js';
import { add, swiGlu } from './swiglu.js';
import { widen } from './widen.js';
import { xorAll } from './xor-all.js';

const allocate = arrayAllocator((byteLength) => [new ArrayBuffer(byteLength), 0]);

/** Kernels that run everywhere. */
export function referenceKernels(): Kernels {
  let finite = true; // since the last run()
  return {
    backend: 'reference',
    threads: 0,
    allocate,
    prefersGroupMaxima: false,
    rowCost: 1,
    tuning: null,
    wasmModule: null,
    openWeights: readWeights,
    embed(out, table, tokens) {
      check.checkEmbed(out, table, tokens);
      embed(out, table, tokens);
    },
    rmsNorm(out, x, weight, epsilon) {
      check.checkRmsNorm(out, x, weight, epsilon);
      rmsNorm(out, x, weight, epsilon);
    },
    linear(outputs, weights, x) {
      check.checkLinear(outputs, weights, x);
      finite = linear(outputs, weights, x) && finite;
    },
    rope(x, table, positions, headDim) {
      check.checkRope(x, table, positions, headDim);
      rope(x, table, positions, headDim);
    },
    store(layer, key, value, segments) {
      check.checkStore(layer, key, value, segments);
      store(layer, key, value, segments);
    },
    attention(out, q, layer, segments) {
      check.checkAttention(out, q, layer, segments);
      attention(out, q, layer, segments);
    },
    swiGlu(gate, up) {
      check.checkSameLength('swiGlu', gate, up);
      swiGlu(gate, up);
    },
    add(x, y) {
      check.checkSameLength('add', x, y);
      add(x, y);
    },
    gather(out, x, rows, cols) {
      check.checkGather(out, x, rows, cols);
      gather(out, x, rows, cols);
    },
    softmax(out, logits, cols, temperature) {
      check.checkSoftmax(out, logits, cols, temperature);
      finite = softmax(out, logits, cols, temperature) && finite;
    },
    widen(out, source, dtype) {
      check.checkWiden(out, source, dtype);
      widen(out, source, dtype);
    },
    quantize(values, scales, x, groupSize) {
      check.checkQuantize('quantize', values, scales, x, groupSize);
      quantize(values, scales, x, groupSize);
    },
    dequantize(out, values, scales, groupSize) {
      check.checkQuantize('dequantize', values, scales, out, groupSize);
      dequantize(out, values, scales, groupSize);
    },
    quantizeWeights(values, scales, largest, source, dtype, groupSize) {
      check.checkQuantizeWeights(values, scales, largest, source, dtype, groupSize);
      quantizeWeights(values, scales, largest, source, dtype, groupSize);
    },
    quantizePanels(matrix, largest, source, dtype) {
      check.checkQuantizePanels(matrix, largest, source, dtype);
      quantizePanels(matrix, largest, source, dtype);
    },
    largestMagnitude(out, x) {
      check.checkLargestMagnitude(out);
      largestMagnitude(out, x);
    },
    groupMaxima(maxima, inexact, scales) {
      check.checkGroupMaxima(maxima, inexact, scales);
      inexact[0] = groupMaxima(maxima, scales) ? 0 : 1;
    },
    xorAll(out, x) {
      check.checkXorAll(out);
      out[0] = xorAll(x);
    },
    record: () => null,
    discard: () => {},
    async run(signal) {
      const wasFinite = finite;
      finite = true;
      signal?.throwIfAborted();
      // Timers, streams and an abort run between two runs, as they do while threads compute.
      await nextTask();
      signal?.throwIfAborted();
      if (!wasFinite) throw nonFiniteError();
    },
    close: async () => {},
  };
}
