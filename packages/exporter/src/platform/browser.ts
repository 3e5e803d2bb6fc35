// The platform of browsers: outputs are files of the origin's private file system.

import { createPrivateFile } from './browser-output.js';
import type { Platform } from './platform.js';

export const platform: Platform = { createOutput: createPrivateFile };
