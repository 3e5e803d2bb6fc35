// What a server's answer means: another try, a file that is not there, or a file that changed.

import { isToolkitError, ToolkitError } from '@llama-ts/base';

/** A failure that another try may not have. */
export class RetryableFailure extends Error {
  constructor(
    /** Thrown when no further try is made. */
    readonly error: ToolkitError,
    /** How long the server asks to wait; undefined where it does not say. */
    readonly waitMs?: number,
  ) {
    super(error.message);
  }
}

/** The server has another file under the address than when the download began. */
export class FileChanged extends Error {}

/** The longest wait that a server may ask for. */
const MAX_WAIT_MS = 60_000;

/** What to throw for a status that is neither 200 nor 206. */
export function statusFailure(url: string, { status, headers }: Response): ToolkitError | RetryableFailure {
  const message = `${url}: status ${status}`;
  switch (status) {
    case 401:
      return new ToolkitError('HUB_UNAUTHORIZED', `${message}, expected a valid token`, {
        suggestions: ["with a token: store.fetch(URL, { headers: { Authorization: 'Bearer TOKEN' } })"],
      });
    case 403:
      return new ToolkitError('HUB_FORBIDDEN', `${message}: access denied`, {
        suggestions: [
          "with a token that may read it: store.fetch(URL, { headers: { Authorization: 'Bearer TOKEN' } })",
        ],
      });
    case 404:
    case 410:
      return new ToolkitError('HUB_FILE_NOT_FOUND', `${message}: no such file`, {
        suggestions: ['correct the address: store.fetch(URL)'],
      });
    case 408:
    case 425:
    case 429:
      return new RetryableFailure(unavailable('HUB_RATE_LIMITED', message), waitOf(headers));
    default:
      if (status >= 500) return new RetryableFailure(unavailable('HUB_UNAVAILABLE', message), waitOf(headers));
      return badResponse(message);
  }
}

/** A connection that failed: the browser does not tell why. */
export function networkFailure(url: string, cause: unknown): RetryableFailure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RetryableFailure(
    new ToolkitError('HUB_NETWORK', `${url}: no connection, or one that other pages may not use (${reason})`, {
      suggestions: [
        'check the connection, then call again: store.fetch(URL)',
        'where the file is on another host, have it answer with Access-Control-Allow-Origin',
      ],
      cause,
    }),
  );
}

/** An answer that ended before its last byte. */
export function cutShort(url: string, byteOffset: number, end: number): RetryableFailure {
  return networkFailure(url, new Error(`the answer ended at byte ${byteOffset}, expected byte ${end}`));
}

/** An answer that no server of files gives. */
export function badResponse(message: string): ToolkitError {
  return new ToolkitError('HUB_BAD_RESPONSE', message, {
    suggestions: ['where a proxy or a login page answers, sign in there, then call again: store.fetch(URL)'],
  });
}

/** Whether other bytes may do better: not where the server has no such file. */
export function isDamage(error: unknown): error is ToolkitError {
  return isToolkitError(error) && error.kind === 'input' && !error.code.startsWith('HUB_');
}

function unavailable(code: 'HUB_RATE_LIMITED' | 'HUB_UNAVAILABLE', message: string): ToolkitError {
  return new ToolkitError(code, message, {
    suggestions: ['wait a few minutes, then call again: store.fetch(URL)'],
  });
}

/** Milliseconds that a Retry-After header asks for, in seconds or as a date. */
function waitOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(MAX_WAIT_MS, Math.max(0, ms));
}
