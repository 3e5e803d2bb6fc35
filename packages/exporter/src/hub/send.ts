// Sends one request and follows its redirects by hand, so that the token stays with the hub's own origin.

import { ToolkitError } from '@llama-ts/base';
import { type Connection, isLoopbackHost } from './connection.js';
import { badResponse, networkFailure } from './hub-failures.js';
import { redactText, redactUrl } from './redact.js';

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A request without its credentials, which are added here. */
export interface HubRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** An answer and the address that gave it. */
export interface HubResponse {
  readonly response: Response;
  readonly url: URL;
}

/**
 * GETs a URL and follows redirects; the caller checks the status.
 *
 * @throws ToolkitError `HUB_BAD_REDIRECT`, `HUB_BAD_RESPONSE`, `HUB_NETWORK`; RetryableFailure
 */
export async function send(connection: Connection, { url: start, headers, signal }: HubRequest): Promise<HubResponse> {
  let url = start;
  let mayHaveToken = true;
  for (let nRedirects = 0; nRedirects <= MAX_REDIRECTS; nRedirects++) {
    // After a redirect to another origin, a redirect back gets no token either: another server chose the address.
    mayHaveToken &&= url.origin === connection.origin;
    const authorization =
      mayHaveToken && connection.token !== undefined ? { authorization: `Bearer ${connection.token}` } : {};
    const response = await connection
      .fetch(url, {
        redirect: 'manual',
        signal,
        // In a compressed answer, ranges would not count the file's bytes.
        headers: { ...headers, 'accept-encoding': 'identity', ...authorization },
      })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        throw networkFailure(connection, url, error);
      });
    connection.contact.hasAnswered = true;
    if (!REDIRECTS.has(response.status)) return { response, url };
    await response.body?.cancel();
    url = redirectTarget(connection, response, url);
  }
  throw badResponse(`${redactUrl(start.href)}: over ${MAX_REDIRECTS} redirects, expected fewer`);
}

function redirectTarget(connection: Connection, response: Response, from: URL): URL {
  const location = response.headers.get('location');
  const shown = redactUrl(redactText(location ?? '', connection.token));
  if (location === null || !URL.canParse(location, from.href)) {
    throw badResponse(`${redactUrl(from.href)}: a redirect to ${JSON.stringify(shown)}, expected an address`);
  }
  const to = new URL(location, from);
  const staysLocal = connection.isLoopback && isLoopbackHost(to.hostname);
  const isSafe =
    to.protocol === 'https:' || (to.protocol === 'http:' && (staysLocal || to.origin === connection.origin));
  if (!isSafe || to.username !== '' || to.password !== '') {
    const expected = isSafe ? 'one without a password' : 'https://';
    throw new ToolkitError(
      'HUB_BAD_REDIRECT',
      `${redactUrl(from.href)}: a redirect to ${shown}, expected ${expected}`,
      {
        suggestions: ['where a proxy or a login page answers, sign in there, then run the same command again'],
      },
    );
  }
  return to;
}
