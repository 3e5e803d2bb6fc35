// Peak memory of this process. resourceUsage().maxRSS begins with that of the process which started it.

import { readFileSync } from 'node:fs';

/** In MiB, as the system counts it since the program began; elsewhere than on Linux what is resident now. */
export function peakMegabytes() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return process.memoryUsage.rss() / 1024 ** 2;
  }
}
