// The compiled module, from kernels.wasm.

import { ToolkitError } from '@llama-ts/base';
import { platform } from '#platform';
import { type WasmModule, webAssembly } from './web-assembly.js';

/** @throws ToolkitError `BACKEND_UNAVAILABLE` */
export async function compileModule(): Promise<WasmModule> {
  try {
    return await webAssembly.compile(await platform.readModule());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolkitError('BACKEND_UNAVAILABLE', `kernels.wasm cannot be loaded: ${reason}`, {
      cause,
      suggestions: ['install it again: npm install @llama-ts/kernels'],
    });
  }
}
