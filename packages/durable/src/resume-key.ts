// A key of everything that decides the bytes of an output, so that an export resumes only output that it would write itself.

import { createHash } from 'node:crypto';
import { TOOL } from '@llama-ts/base';

/** sha256 in hex over the settings and the writer's own version. `settings` must be JSON data in a fixed order. */
export function keyOf(settings: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify([TOOL, settings]))
    .digest('hex');
}
