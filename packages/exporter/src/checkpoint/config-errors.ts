// The errors of a configuration: a wrong value, and one that no .bin file can express.

import { type JsonObject, ToolkitError } from '@llama-ts/base';
import { originalModel } from '../source/original-model.js';

/** The error of a configuration file with a wrong value. */
export function badConfig(name: string, message: string): ToolkitError {
  return new ToolkitError('BAD_CONFIG', `${name}: ${message}`, {
    suggestions: ['download the file again, then run the same command again'],
  });
}

/** The error of a model these formats cannot hold. */
export function unsupported(name: string, message: string): ToolkitError {
  return new ToolkitError('UNSUPPORTED_MODEL', `${name}: ${message}`, {
    suggestions: ['use a Llama 3, 3.1 or 3.2 text model: llama export meta-llama/Llama-3.2-1B-Instruct'],
  });
}

/**
 * The error of weights that are quantized already.
 *
 * @param name path of the config.json, or the folder
 * @param method as {@link quantizationOf} says it
 */
export function quantized(name: string, method: string, config: JsonObject | null): ToolkitError {
  const original = originalModel({ name, config });
  const remedy =
    original === null
      ? 'export the model it was made from, such as: llama export meta-llama/Llama-3.2-1B-Instruct'
      : `export the model it was made from: llama export ${original}`;
  return new ToolkitError(
    'UNSUPPORTED_MODEL',
    `${name}: already quantized (${method}), expected BF16, F16 or F32 weights`,
    {
      suggestions: [remedy],
    },
  );
}
