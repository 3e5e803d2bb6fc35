// Which format `llama export` writes, and under which name when none is given.

import type { ConvertTarget } from '@llama-ts/exporter';
import { ToolkitError } from '@llama-ts/format';
import { commandLine } from './shell-words.js';

/** What the command line says of the format. */
export interface TargetFlags {
  readonly to?: string | undefined;
  /** Digit of a .bin version. */
  readonly version?: string | undefined;
}

/**
 * The format that `--to` or `--version` names; else GGUF for a name that ends like one; else v1.
 *
 * @throws ToolkitError `USAGE` for a file named .safetensors, which would not say what it is: that format is a folder here
 */
export function exportTarget(out: string | undefined, { to, version }: TargetFlags): ConvertTarget {
  if (out !== undefined && /\.safetensors$/i.test(out)) {
    throw new ToolkitError('USAGE', `${out}: is named like one file of weights, expected the name of a folder`, {
      suggestions: [commandLine(['llama', 'export', out.replace(/\.safetensors$/i, ''), '--to', 'safetensors'])],
    });
  }
  if (to !== undefined) return to as ConvertTarget;
  if (version !== undefined) return `v${version}` as ConvertTarget;
  return out !== undefined && /\.gguf$/i.test(out) ? 'gguf' : 'v1';
}

/** `NAME.bin`, `NAME.gguf`, both with `-q8_0` for 8 bits; for safetensors the folder `NAME-safetensors`. */
export function defaultOutput(name: string, to: ConvertTarget, type: string | undefined): string {
  if (to === 'safetensors') return `${name}-safetensors`;
  const quantized = to === 'v2' || type === 'q8_0' ? '-q8_0' : '';
  return `${name}${quantized}.${to === 'gguf' ? 'gguf' : 'bin'}`;
}
