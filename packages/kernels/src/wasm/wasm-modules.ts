// The modules that hold the WebAssembly kernels: the same source, compiled with and without relaxed SIMD.

/**
 * `relaxed` multiplies bytes with the instruction that adds four products, `relaxed-pairs` with the one that adds two, which is
 * faster where the CPU or the engine has none that adds four. `plain` needs 128-bit SIMD alone.
 */
export const wasmModuleNames = ['relaxed', 'relaxed-pairs', 'plain'] as const;

/** The name of a module. */
export type WasmModuleName = (typeof wasmModuleNames)[number];

/**
 * Why it was chosen: the caller forced it; the engine refuses relaxed SIMD; relaxed SIMD gives other results there; or of the
 * two relaxed modules it multiplied faster in a measurement.
 */
export type WasmModuleReason = 'forced' | 'refused' | 'inexact' | 'measured';

/** The module of opened WebAssembly kernels. No choice changes a bit of a result. */
export interface ChosenWasmModule {
  readonly name: WasmModuleName;
  readonly reason: WasmModuleReason;
}
