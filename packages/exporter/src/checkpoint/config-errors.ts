// The two errors of a configuration: a wrong value, and a right one that no .bin file can express.

import { ToolkitError } from '@llama-ts/format';

/** The error of a configuration file with a wrong value. */
export function badConfig(name: string, message: string): ToolkitError {
  return new ToolkitError('BAD_CONFIG', `${name}: ${message}`, {
    suggestions: ['download the file again from the model’s page'],
  });
}

/** The error of a model these formats cannot hold. */
export function unsupported(name: string, message: string): ToolkitError {
  return new ToolkitError('UNSUPPORTED_MODEL', `${name}: ${message}`, {
    suggestions: ['use a Llama 3, 3.1 or 3.2 text model: llama export OUT.bin --hf meta-llama/Llama-3.2-1B-Instruct'],
  });
}
