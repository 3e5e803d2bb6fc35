// The flag that gives tensors of a v3 file 8 or 4 bits.

import { ToolkitError } from '@llama-ts/base';
import type { TensorType, TypeRule } from '@llama-ts/exporter';
import { Flags } from '@oclif/core';

/** `PATTERN=q8` or `PATTERN=q4`; several flags, or several rules in one, between commas. */
export const typesFlag = Flags.custom<string>({
  description:
    'v3: store the tensors whose name matches as q8 or q4, such as "*.w2.weight=q8"; default q4, embedding and classifier q8',
  multiple: true,
  multipleNonGreedy: true,
});

/**
 * The rules of `--types`, in the order given.
 *
 * @throws ToolkitError `USAGE`
 */
export function typeRules(texts: readonly string[] | undefined): readonly TypeRule[] | undefined {
  return texts?.flatMap((text) => text.split(',').map(parseRule));
}

function parseRule(text: string): TypeRule {
  const match = /^(.+)=(q8|q4)$/.exec(text);
  if (match === null) {
    throw new ToolkitError('USAGE', `--types: ${JSON.stringify(text)}, expected PATTERN=q8 or PATTERN=q4`, {
      suggestions: ['name all down projections: --types "*.w2.weight=q8"'],
    });
  }
  return { pattern: match[1]!, type: match[2] as TensorType };
}
