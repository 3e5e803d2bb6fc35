// GET /metrics: what was counted and measured since the server began.

import type { ServerContext } from '../server-options.js';

export async function giveMetrics({ metrics }: ServerContext): Promise<Response> {
  return new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } });
}
