// Which format `llama export` writes, and under which name when none is given.

import { ToolkitError } from '@llama-ts/base';
import type { ConvertTarget } from '@llama-ts/exporter';
import { retyped } from '../failure/retyped.js';

/** Flags that name the format. */
export interface TargetFlags {
  readonly to?: string | undefined;
  /** Digit of a .bin version. */
  readonly version?: string | undefined;
}

/**
 * The format that `--to` or `--version` names; else GGUF for a name that ends in .gguf; else v1.
 *
 * @throws ToolkitError `USAGE` for a name that ends in .safetensors: that format is a folder here
 */
export function exportTarget(out: string | undefined, { to, version }: TargetFlags): ConvertTarget {
  if (out !== undefined && /\.safetensors$/i.test(out)) {
    throw namedLikeWeights(out, to ?? (version === undefined ? undefined : `v${version}`));
  }
  if (to !== undefined) return to as ConvertTarget;
  if (version !== undefined) return `v${version}` as ConvertTarget;
  return out !== undefined && /\.gguf$/i.test(out) ? 'gguf' : 'v1';
}

/** The command with a name for the format that was asked for; a folder of safetensors unless one was. */
function namedLikeWeights(out: string, to: string | undefined): ToolkitError {
  const name = out.replace(/\.safetensors$/i, '');
  const words =
    to === undefined
      ? [name, '--to', 'safetensors']
      : [to === 'safetensors' ? name : `${name}.${to === 'gguf' ? 'gguf' : 'bin'}`];
  return new ToolkitError('USAGE', `${out}: is named like one file of weights, expected the name of a folder`, {
    // The name was typed, so the command has it.
    suggestions: [retyped(out, ...words)!],
  });
}

/**
 * `NAME.bin`, `NAME.gguf`, with `-q8_0` for 8 bits and `-q4` for v3; for safetensors the folder `NAME-safetensors`.
 *
 * @param source name of the source, whose own ending and mark for its bits are left out
 */
export function defaultOutput(source: string, to: ConvertTarget, type: string | undefined): string {
  const name = source.replace(/\.(?:bin|gguf)$/i, '').replace(/-(?:q8_0|q4)$/, '') || source;
  if (to === 'safetensors') return `${name}-safetensors`;
  const quantized = to === 'v3' ? '-q4' : to === 'v2' || type === 'q8_0' ? '-q8_0' : '';
  return `${name}${quantized}.${to === 'gguf' ? 'gguf' : 'bin'}`;
}
