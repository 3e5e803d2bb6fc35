// Names all that the bytes of an output follow from, so that an export goes on only with what it would write itself.

import { createHash } from 'node:crypto';
import { TOOL } from '../tool.js';

/** sha256 in hex over the settings and the writer's own version. `settings` must be JSON data in a fixed order. */
export function keyOf(settings: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify([TOOL, settings]))
    .digest('hex');
}
