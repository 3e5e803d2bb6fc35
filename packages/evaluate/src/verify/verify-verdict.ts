// A verification's outcome in one line, for the log of a build.

import { byteSize } from '@llama-ts/base';
import { describeCheck } from '../gate.js';
import type { VerifyResult } from './verify-result.js';

/** `PASS model.bin: …` or `FAIL model.bin: …`; the first failure in full, the others counted. The file is named once. */
export function verifyVerdict(result: VerifyResult): string {
  const { model, findings, checks, passed } = result;
  if (passed) return `PASS ${model.path}: ${[...praise(result)].join(', ')}`;
  const failures = [
    ...findings.map(({ message }) => message),
    ...checks.filter((check) => !check.passed).map(describeCheck),
  ];
  const others = failures.length > 1 ? ` and ${failures.length - 1} more` : '';
  return `FAIL ${model.path}: ${withoutSubject(failures[0]!, model.path)}${others}`;
}

/** A message without the name of the file at its start. */
export function withoutSubject(message: string, path: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}

function* praise({ model, against, tensors, checks, overall }: VerifyResult): Generator<string> {
  yield formatOf(model);
  yield `${tensors.length} tensors`;
  yield model.hasChecksums === true ? 'checksums match' : 'no checksums to compare';
  yield against === null ? 'not compared with a source' : `equal to an export of ${against.name}`;
  if (overall !== null) yield `SNR ${overall.snr.toFixed(2)} dB, max error ${overall.maxError.toPrecision(3)}`;
  if (checks.length > 0) yield `${checks.length} bounds kept`;
}

function formatOf({ version, groupSize, byteLength }: VerifyResult['model']): string {
  return `${version === null ? '' : `v${version}`}${groupSize === null ? '' : `, group size ${groupSize}`}, ${byteSize(byteLength)}`;
}
