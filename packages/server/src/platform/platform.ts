// What the server asks of the machine it runs on: node.ts answers for Node, browser.ts for browsers.

import type { Engine } from '@llama-ts/runtime';
import type { Metrics } from '../metrics.js';

/** Functions that differ between Node and a browser. */
export interface Platform {
  /**
   * @param paths of the endpoints; every other path counts as `other`, so that no client makes names
   * @param seconds the time, in seconds from any moment
   */
  createMetrics(engine: Engine, paths: ReadonlySet<string>, seconds: () => number): Metrics;
}
