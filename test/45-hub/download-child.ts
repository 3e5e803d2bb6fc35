// Downloads in a process of its own: node --import tsx download-child.ts <endpoint> <cache folder>.

import { downloadSnapshot } from '@llama-ts/exporter';
import { REPO } from './support.js';

const [endpoint, cacheDir] = process.argv.slice(2);
const steps = downloadSnapshot({ repo: REPO, endpoint, cacheDir: cacheDir! });
while (!(await steps.next()).done);
