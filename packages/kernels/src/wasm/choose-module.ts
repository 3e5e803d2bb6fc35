// Chooses the module for this engine. Relaxed SIMD leaves some results to the engine; kernels use it only where they are defined, and
// here engines are checked: that of Node 20 has relaxed SIMD behind a flag, with wrong results.

import { ToolkitError } from '@llama-ts/base';
import { relaxedProbe } from './relaxed-probe.js';
import type { ChosenWasmModule, WasmModuleName } from './wasm-modules.js';
import { webAssembly } from './web-assembly.js';

/** native/wasm/relaxed-probe.cc */
interface ProbeExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Where the fields of `Data` lie. */
  address(): number;
  /** Computes `added`, `paired` and `lookedUp`. */
  compute(): void;
  /** Multiplies 64 registers of weights, as often as it is told. */
  add(repetitions: number): void;
  pairs(repetitions: number): void;
}

const LANES = 4;
const BYTES = 16;
/** Registers of weights that a slice multiplies, and those that it sums in turn. */
const [WEIGHTS, REGISTERS] = [64, 8];
/** Inputs of the check: the extremes, then others. */
const CHECKS = 64;
/** 64 multiplications each; a slice takes 0.1 to 0.4 ms. */
const SLICE_REPETITIONS = 8000;
/** An engine first compiles quickly and then, while slices run, well: one function before the other. */
const SLICES = 15;
/** Of one instruction the time is about half of that of three; of five, which engines make of it elsewhere, it is about the same. */
const FASTER = 0.8;

let choice: Promise<ChosenWasmModule> | undefined;

/** The module for this engine, or the forced one. @throws ToolkitError `INVALID_ARGUMENT` if the forced one cannot run here */
export async function chooseModule(forced: WasmModuleName | undefined): Promise<ChosenWasmModule> {
  if (forced === 'plain') return { name: 'plain', reason: 'forced' };
  choice ??= chooseForEngine();
  const chosen = await choice;
  if (forced === undefined) return chosen;
  if (chosen.name === 'plain') {
    const cause = chosen.reason === 'refused' ? 'refuses relaxed SIMD' : 'computes other results with relaxed SIMD';
    throw new ToolkitError('INVALID_ARGUMENT', `wasm-module is ${forced}, expected plain: this engine ${cause}`);
  }
  return { name: forced, reason: 'forced' };
}

async function chooseForEngine(): Promise<ChosenWasmModule> {
  const bytes = Uint8Array.from(atob(relaxedProbe), (character) => character.charCodeAt(0));
  if (!webAssembly.validate(bytes)) return { name: 'plain', reason: 'refused' };
  const { exports } = await webAssembly.instantiate(await webAssembly.compile(bytes), {});
  const probe = exports as unknown as ProbeExports;
  if (!isExact(probe)) return { name: 'plain', reason: 'inexact' };
  const faster = fasterOf(probe);
  return faster === null ? { name: 'plain', reason: 'inexact' } : { name: faster, reason: 'measured' };
}

/** Whether relaxed instructions give exact results for what kernels pass them: one factor from 0 to 127, indices below 16. */
function isExact(probe: ProbeExports): boolean {
  const field = (index: number) => probe.address() + index * BYTES;
  const signed = new Int8Array(probe.memory.buffer, field(0), BYTES);
  const sevenBits = new Int8Array(probe.memory.buffer, field(1), BYTES);
  const indices = new Uint8Array(probe.memory.buffer, field(2), BYTES);
  const sums = new Int32Array(probe.memory.buffer, field(3), LANES);
  const added = new Int32Array(probe.memory.buffer, field(4), LANES);
  const paired = new Int32Array(probe.memory.buffer, field(5), LANES);
  const lookedUp = new Int8Array(probe.memory.buffer, field(6), BYTES);
  for (let i = 0; i < CHECKS; i++) {
    for (let k = 0; k < BYTES; k++) {
      signed[k] = [-128, 127, 85 * i + 37 * k][Math.min(i, 2)]!;
      sevenBits[k] = i < 2 ? 127 : (59 * i + 101 * k) % 128;
      indices[k] = (i + 7 * k) % BYTES;
    }
    for (let lane = 0; lane < LANES; lane++) sums[lane] = 1_000_003 * i - lane;
    probe.compute();
    for (let lane = 0; lane < LANES; lane++) {
      let expected = sums[lane]!;
      for (let k = LANES * lane; k < LANES * (lane + 1); k++) expected += signed[k]! * sevenBits[k]!;
      if (added[lane] !== expected || paired[lane] !== expected) return false;
    }
    if (lookedUp.some((value, k) => value !== signed[indices[k]!])) return false;
  }
  return true;
}

/** The module whose way to multiply is faster; null where a result is not exact. */
function fasterOf(probe: ProbeExports): WasmModuleName | null {
  const sums = new Int32Array(probe.memory.buffer, probe.address() + 3 * BYTES, LANES);
  const expected = expectedSums(probe);
  let nFaster = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const times = { add: 0, pairs: 0 };
    for (const name of ['add', 'pairs'] as const) {
      sums.fill(0);
      const start = performance.now();
      probe[name](SLICE_REPETITIONS);
      times[name] = performance.now() - start;
      if (sums.some((sum, lane) => sum !== expected[lane])) return null;
    }
    if (times.add < FASTER * times.pairs) nFaster++;
  }
  return 2 * nFaster > SLICES ? 'relaxed' : 'relaxed-pairs';
}

/** Fills the weights; returns what a slice adds to sums of zeros: the sums of eight registers in turn, exclusive-ored. */
function expectedSums(probe: ProbeExports): Int32Array {
  const sevenBits = new Int8Array(probe.memory.buffer, probe.address() + BYTES, BYTES);
  const weights = new Int8Array(probe.memory.buffer, probe.address() + 7 * BYTES, WEIGHTS * BYTES);
  weights.forEach((_, i) => {
    weights[i] = 73 * i + (i >> 3);
  });
  const folded = new Int32Array(LANES);
  for (let register = 0; register < REGISTERS; register++) {
    for (let lane = 0; lane < LANES; lane++) {
      let sum = 0;
      for (let k = register; k < WEIGHTS; k += REGISTERS) {
        for (let i = LANES * lane; i < LANES * (lane + 1); i++) sum += weights[k * BYTES + i]! * sevenBits[i]!;
      }
      folded[lane]! ^= Math.imul(sum, SLICE_REPETITIONS);
    }
  }
  return folded;
}
