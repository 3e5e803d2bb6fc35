// Refuses flags of export that have no effect on the chosen format.

import { ToolkitError } from '@llama-ts/base';
import type { ConvertTarget } from '@llama-ts/exporter';

const binOnly = ['tokenizer-bin', 'plain', 'group-size', 'types', 'target-size', 'calibrate'];
/** The flags that a conversion to each format does not take. */
const strayFlags: Readonly<Record<ConvertTarget, readonly string[]>> = {
  v0: ['type', 'shard-size', 'group-size', 'types', 'target-size', 'calibrate'],
  v1: ['type', 'shard-size', 'group-size', 'types', 'target-size', 'calibrate'],
  v2: ['type', 'shard-size', 'types', 'target-size', 'calibrate'],
  v3: ['type', 'shard-size', 'group-size'],
  gguf: [...binOnly, 'shard-size'],
  safetensors: binOnly,
};

/** @throws ToolkitError `USAGE` */
export function checkTargetFlags(to: ConvertTarget, flags: Readonly<Record<string, unknown>>): void {
  const stray = strayFlags[to].find((name) => flags[name] !== undefined && flags[name] !== false);
  if (stray === undefined && flags.plain && flags['chat-template'] !== undefined) {
    throw new ToolkitError('USAGE', '--chat-template with --plain, which holds none, expected one of them', {
      suggestions: ['leave out --plain', 'give the template to the command that needs it: leave out --chat-template'],
    });
  }
  if (stray === undefined) return;
  throw new ToolkitError('USAGE', `--${stray}: is given, expected no such flag for ${to}`, {
    suggestions: [`leave out --${stray}`],
  });
}
