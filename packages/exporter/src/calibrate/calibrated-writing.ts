// What a calibration takes of a source, or why a source has none.

import { ToolkitError } from '@llama-ts/base';
import type { ModelSource } from '../source/model-source.js';
import type { CalibrateLayersOptions } from './calibrate-layers.js';
import type { CalibrationText } from './calibration.js';

/** The text, the weights and the settings of a forward pass. */
export type CalibratedWriting = Pick<CalibrateLayersOptions, 'text' | 'rows' | 'settings'>;

/**
 * What a calibration needs to calibrate.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for another version, or a source that can be read once only; `SETTINGS_UNKNOWN` for one
 *   that does not hold the settings of its model
 */
export function calibratedWriting(source: ModelSource, text: CalibrationText, version: number): CalibratedWriting {
  const { name, settings, weights, isStream } = source;
  if (version !== 3) {
    throw new ToolkitError('INVALID_ARGUMENT', `calibrate: is given for version ${version}, expected version 3`, {
      suggestions: ['write v3: --version 3'],
    });
  }
  if (isStream) {
    throw new ToolkitError('INVALID_ARGUMENT', `${name}: is streamed, expected weights that can be read again`, {
      suggestions: ['keep the weights on this machine: leave out --stream'],
    });
  }
  if (settings === null) {
    throw new ToolkitError('SETTINGS_UNKNOWN', `${name}: holds no settings, expected those that a forward pass needs`, {
      suggestions: ['calibrate from a file with a trailer, or from the checkpoint'],
    });
  }
  return { text, rows: weights, settings };
}
