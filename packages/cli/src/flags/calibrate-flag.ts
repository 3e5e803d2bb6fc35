// The flag that names a calibration text, and reading it for a source.

import { createHash } from 'node:crypto';
import { shellQuote, ToolkitError } from '@llama-ts/base';
import {
  type CalibrationSpeed,
  type CalibrationText,
  type CalibrationToPlan,
  type ModelSource,
  measureCalibration,
} from '@llama-ts/exporter';
import { promptPrefix } from '@llama-ts/format';
import { openKernels } from '@llama-ts/kernels';
import { Flags } from '@oclif/core';
import { backendOfEnvironment } from '../environment/chosen-kernels.js';
import { readTextFile } from '../input/read-text-file.js';

/** What to take in place of a text that is too long. */
function partOf(path: string): string {
  return `take a part of it: head -c 100000 ${shellQuote(path)} > part.txt`;
}

export const calibrateFlag = Flags.custom<string>({
  description:
    'v3: quantize the layers by the inputs that this UTF-8 text gives them: slower, and several times nearer to the source',
});

/**
 * Reads a calibration text and encodes it with the source's tokenizer; undefined where none is named.
 *
 * @throws ToolkitError what reading a text throws; `NO_TOKENIZER`
 */
export async function readCalibration(
  path: string | undefined,
  { name, tokenizer, settings }: Pick<ModelSource, 'name' | 'tokenizer' | 'settings'>,
): Promise<CalibrationText | undefined> {
  if (path === undefined) return undefined;
  const text = await readTextFile(path, partOf(path));
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', `${name}: has no tokenizer, expected one to encode ${path} with`, {
      suggestions: ['quantize by the weights alone: leave out --calibrate'],
    });
  }
  const { createTokenizer } = await import('@llama-ts/runtime');
  return {
    name: path,
    sha256: createHash('sha256').update(text).digest('hex'),
    tokens: createTokenizer(tokenizer).encode(text),
    prefix: settings === null ? [] : promptPrefix(settings),
  };
}

/** A calibration for a plan, with this machine's speed. */
export async function plannedCalibration(text: CalibrationText | undefined): Promise<CalibrationToPlan | undefined> {
  return text === undefined ? undefined : { nTokens: text.tokens.length, isExact: true, speed: await speedHere() };
}

/** The same without a tokenizer: a text has at most as many tokens as bytes. @throws ToolkitError as reading a text does */
export async function unreadCalibration(path: string | undefined): Promise<CalibrationToPlan | undefined> {
  if (path === undefined) return undefined;
  return {
    nTokens: Buffer.byteLength(await readTextFile(path, partOf(path))),
    isExact: false,
    speed: await speedHere(),
  };
}

async function speedHere(): Promise<CalibrationSpeed> {
  const kernels = await openKernels({ ...(backendOfEnvironment() && { backend: backendOfEnvironment()! }) });
  try {
    return await measureCalibration(kernels);
  } finally {
    await kernels.close();
  }
}
