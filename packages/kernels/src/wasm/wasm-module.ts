// A compiled module of the kernels.

import { ToolkitError } from '@llama-ts/base';
import { platform } from '#platform';
import type { WasmModuleName } from './wasm-modules.js';
import { type WasmModule, webAssembly } from './web-assembly.js';

/** @throws ToolkitError `BACKEND_UNAVAILABLE` */
export async function compileModule(name: WasmModuleName): Promise<WasmModule> {
  try {
    return await webAssembly.compile(await platform.readModule(name));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolkitError('BACKEND_UNAVAILABLE', `the ${name} WebAssembly kernels cannot be loaded: ${reason}`, {
      cause,
      suggestions: ['install it again: npm install @llama-ts/kernels'],
    });
  }
}
