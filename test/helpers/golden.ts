// The folder of goldens.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../fixtures/golden', import.meta.url));

/** Path of a file or folder there. */
export const golden = (...parts: string[]): string => join(folder, ...parts);
