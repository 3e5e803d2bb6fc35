// One request for a range of a file, and what its answer says of the file.

import type { Identity } from '../journal.js';
import { badResponse, FileChanged, networkFailure, statusFailure } from './http-failures.js';

/** A connection that gives nothing for this long counts as cut. */
const STALL_MS = 60_000;

/** A range that is asked for. */
export interface RangeRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly begin: number;
  readonly end: number;
  /** The file that the range must be of; null at the first request. */
  readonly known: Identity | null;
  readonly signal: AbortSignal;
}

/** An answer with bytes. */
export interface RangeAnswer {
  readonly identity: Identity;
  /** Whether the server sent the range; else it sends the whole file. */
  readonly isRange: boolean;
  /** The place of the first byte of `body`: `begin`, or 0 of a whole file. */
  readonly start: number;
  /** The next bytes; null at the end. */
  next(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Ends the request. */
  cancel(): void;
}

/**
 * Asks for a range.
 *
 * @throws FileChanged, RetryableFailure; ToolkitError `HUB_FILE_NOT_FOUND` and others of the hub
 */
export async function requestRange(request: RangeRequest): Promise<RangeAnswer> {
  const { url, begin, known, signal } = request;
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const orStalled = stallGuard(() => ending.abort());
  const failed = (cause: unknown): unknown => (signal.aborted ? signal.reason : networkFailure(url, cause));
  const response = await orStalled(
    fetch(url, { headers: headersOf(request), cache: 'no-store', signal: either }),
  ).catch((cause: unknown) => {
    throw failed(cause);
  });
  const cancel = (): void => ending.abort();
  try {
    if (response.status === 416 && known !== null) throw new FileChanged(`${url}: is shorter than it was`);
    if (response.status !== 200 && response.status !== 206) throw statusFailure(url, response);
    const isRange = response.status === 206;
    const range = isRange ? contentRange(response) : null;
    if (isRange && range !== null && range.begin !== begin) {
      throw badResponse(`${url}: a range from byte ${range.begin}, expected byte ${begin}`);
    }
    const identity = await identityOf(request, response, isRange, range?.byteLength ?? null);
    const reader = response.body!.getReader();
    return {
      identity,
      isRange,
      start: isRange ? begin : 0,
      async next() {
        try {
          const { done, value } = await orStalled(reader.read());
          return done ? null : value;
        } catch (cause) {
          throw failed(cause);
        }
      },
      cancel,
    };
  } catch (error) {
    cancel();
    throw error;
  }
}

/** If-Range makes a request to another origin ask first, which not every server answers; comparing what it says is as good. */
function headersOf({ url, headers, begin, end, known }: RangeRequest): Record<string, string> {
  const etag = known?.etag ?? null;
  const canAskIf = etag !== null && !etag.startsWith('W/') && new URL(url).origin === location.origin;
  return { ...headers, Range: `bytes=${begin}-${end - 1}`, ...(canAskIf ? { 'If-Range': etag } : {}) };
}

async function identityOf(
  request: RangeRequest,
  { headers }: Response,
  isRange: boolean,
  total: number | null,
): Promise<Identity> {
  const whole = isRange ? total : lengthOf(headers);
  const byteLength = whole ?? request.known?.byteLength ?? (await askLength(request));
  return { byteLength, etag: headers.get('etag'), lastModified: headers.get('last-modified') };
}

/** The length of a file whose server does not show it to other origins in a part of the file. */
async function askLength({ url, headers, signal }: RangeRequest): Promise<number> {
  const response = await fetch(url, { method: 'HEAD', headers, cache: 'no-store', signal }).catch((cause: unknown) => {
    throw signal.aborted ? signal.reason : networkFailure(url, cause);
  });
  const byteLength = response.ok ? lengthOf(response.headers) : null;
  if (byteLength === null) throw badResponse(`${url}: the server does not state how long the file is`);
  return byteLength;
}

/** The Content-Length of a compressed response counts compressed bytes. */
function lengthOf(headers: Headers): number | null {
  const value = headers.get('content-length');
  return value !== null && /^\d+$/.test(value) && headers.get('content-encoding') === null ? Number(value) : null;
}

function contentRange({ headers }: Response): { readonly begin: number; readonly byteLength: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (match === null) return null;
  return { begin: Number(match[1]), byteLength: match[2] === '*' ? null : Number(match[2]) };
}

/** Rejects what takes too long, and ends the request. */
function stallGuard(end: () => void): <T>(promise: Promise<T>) => Promise<T> {
  return (promise) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`nothing came for ${STALL_MS / 1000} seconds`));
        end();
      }, STALL_MS);
      promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
}
