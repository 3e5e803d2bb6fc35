// What every request must pass before its body is read: the name it calls the server by, the page it comes from, its key.

import type { ApiServerOptions } from '../server-options.js';
import { HttpError } from '../wire/http-error.js';
import { createHostRule } from './host-rule.js';
import { createKeyRule } from './key-rule.js';
import { createOriginRule } from './origin-rule.js';

/** Refuses requests. */
export interface Guard {
  /** Host and Origin, on every path and method. @throws HttpError 403 */
  checkCaller(headers: Headers, url: string): void;
  /** @throws HttpError 401 */
  checkKey(headers: Headers): void;
  /** @throws HttpError 503 while the server goes down */
  checkOpen(): void;
}

const RETRY_SECONDS = 5;

export function createGuard(options: ApiServerOptions, isDraining: () => boolean): Guard {
  const { allowedHosts = [], allowedOrigins = [], apiKeys = [] } = options;
  const isHostGood = createHostRule(allowedHosts);
  const isOriginGood = createOriginRule(allowedOrigins);
  const isKeyGood = createKeyRule(apiKeys);
  return {
    checkCaller(headers, url) {
      const host = headers.get('host') ?? new URL(url).host;
      if (!isHostGood(host)) {
        const message = `host ${JSON.stringify(host)}, expected an address, localhost, or a name given by --allow-host`;
        throw new HttpError(403, 'host_not_allowed', message);
      }
      const origin = headers.get('origin') ?? undefined;
      if (isOriginGood(origin, host)) return;
      const message = `origin ${JSON.stringify(origin)}, expected this server's own or one given by --allow-origin`;
      throw new HttpError(403, 'origin_not_allowed', message);
    },
    checkKey(headers) {
      if (isKeyGood(headers)) return;
      const isGiven = headers.has('authorization') || headers.has('x-api-key');
      const found = isGiven ? 'the key is not one of this server' : 'no key';
      throw new HttpError(401, 'invalid_api_key', `${found}, expected Authorization: Bearer KEY, or x-api-key: KEY`, {
        headers: { 'www-authenticate': 'Bearer' },
      });
    },
    checkOpen() {
      if (!isDraining()) return;
      const headers = { 'retry-after': String(RETRY_SECONDS), connection: 'close' };
      throw new HttpError(503, 'shutting_down', 'the server is going down', { headers });
    },
  };
}
