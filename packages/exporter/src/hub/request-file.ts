// Asks for a file's bytes from an offset on, and refuses answers that hold something else.

import type { Connection } from './connection.js';
import { badResponse, corrupt, type RequestSubject, RetryableFailure, statusFailure } from './hub-failures.js';
import { redactText } from './redact.js';
import { send } from './send.js';

/** Options of a request for a file. */
export interface FileRequest {
  readonly repo: string;
  readonly commit: string;
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** First byte; 0 together with `end` undefined asks for the whole file without a range. */
  readonly start: number;
  /** First byte not wanted; default: the end of the file. */
  readonly end?: number;
  readonly signal: AbortSignal;
}

/** An answer whose body starts at `start`. */
export interface FileResponse {
  readonly response: Response;
  readonly url: URL;
  /** The first byte as asked for, or 0 from a hub that does not support ranges. */
  readonly start: number;
}

/** The hub's answer to a range was of no use: ask without one. */
export class RangeFailure extends RetryableFailure {}

/**
 * GETs a file of a commit.
 *
 * @throws RangeFailure for a 416 or another range than asked for; RetryableFailure; ToolkitError `HUB_GATED`,
 * `HUB_UNAUTHORIZED`, `HUB_FORBIDDEN`, `HUB_FILE_NOT_FOUND`, `HUB_BAD_REDIRECT`, …
 */
export async function requestFile(connection: Connection, request: FileRequest): Promise<FileResponse> {
  const { repo, commit, path, size, start, end = size, signal } = request;
  const isWhole = start === 0 && end === size;
  const where = `${repo}/${path}`;
  const encodedPath = path.split('/').map(encodeURIComponent).join('/');
  const { response, url } = await send(connection, {
    url: new URL(`${connection.endpoint}/${repo}/resolve/${commit}/${encodedPath}`),
    headers: isWhole ? {} : { range: `bytes=${start}-${end - 1}` },
    signal,
  });
  const problem = (failure: Error) => discard(response, failure);
  const { status } = response;
  if (status === 416)
    throw await problem(new RangeFailure(rangeError(`${where}: the hub has no bytes from ${start} on`)));
  if (status === 206) {
    const range = response.headers.get('content-range') ?? 'none';
    const [, first, last, total] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(range) ?? [];
    if (isWhole || Number(first) !== start || Number(last) !== end - 1 || !(total === '*' || Number(total) === size)) {
      const shown = redactText(range, connection.token);
      const expected = isWhole ? 'the whole file' : `bytes ${start}-${end - 1}/${size}`;
      throw await problem(new RangeFailure(rangeError(`${where}: received range ${shown}, expected ${expected}`)));
    }
    return { response, url, start };
  }
  if (status !== 200) {
    const subject: RequestSubject = { repo, revision: commit, path };
    throw await problem(
      response.ok
        ? badResponse(`${where}: the hub answered ${status}, expected 200 or 206`)
        : statusFailure(connection, subject, response, url),
    );
  }
  // Refused before a byte of it is kept: the bytes on disk may be the start of the right file.
  const length = response.headers.get('content-length');
  const type = redactText(response.headers.get('content-type') ?? 'unnamed type', connection.token);
  if (/^text\/html/i.test(type) && !/\.html?$/i.test(path)) {
    throw await problem(corrupt(`${where}: received a page (${type}), expected the file`));
  }
  if (length !== null && response.headers.get('content-encoding') === null && Number(length) !== size) {
    throw await problem(
      corrupt(`${where}: received ${redactText(length, undefined)} bytes of ${type}, expected ${size}`),
    );
  }
  return { response, url, start: 0 };
}

async function discard(response: Response, failure: Error): Promise<Error> {
  await response.body?.cancel().catch(() => undefined);
  return failure;
}

function rangeError(message: string) {
  return badResponse(message);
}
