// A file on a server, read by ranges. A cut connection is taken up again at the byte where it was cut.

import { type Identity, isSameFile } from '../journal.js';
import { cutShort, FileChanged, RetryableFailure } from './http-failures.js';
import { type RangeAnswer, requestRange } from './request-range.js';

/** Waits after a try that gave no byte: twice as long each time. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;

/** How a file is asked for. */
export interface RemoteOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Tries in a row that give no byte before the download fails. */
  readonly maxRetries: number;
  readonly signal: AbortSignal;
  /** Called before each further try. */
  onRetry(retry: { readonly byteOffset: number; readonly reason: string }): void;
}

/** Bytes of a range, in order. */
export interface RangeReader {
  /** The next bytes, 1 to `most` of them; null at the end of the range. They are valid until the next call. */
  next(most: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Ends the request. */
  cancel(): void;
}

/** A file on a server. */
export interface RemoteFile {
  readonly identity: Identity;
  /** false: the server sends the whole file each time. */
  readonly servesRanges: boolean;
  /** Reads the bytes from `begin` to before `end`. */
  read(begin: number, end: number): RangeReader;
}

/** Asks what a file is, and for its first bytes, at most `headBytes` of them. */
export async function openRemote(
  options: RemoteOptions,
  headBytes: number,
): Promise<{ readonly remote: RemoteFile; readonly head: Uint8Array<ArrayBuffer> }> {
  let found: { identity: Identity; servesRanges: boolean } | null = null;
  const reader = rangeReader(options, { begin: 0, end: headBytes, known: null }, ({ identity, isRange }) => {
    if (found !== null && !isSameFile(found.identity, identity)) throw new FileChanged(options.url);
    found ??= { identity, servesRanges: isRange };
    return Math.min(headBytes, found.identity.byteLength);
  });
  const head = await readAll(reader, headBytes);
  reader.cancel();
  const { identity, servesRanges } = found!;
  return { remote: knownRemote(options, identity, servesRanges), head };
}

/** A file of which an earlier request told what it is. */
export function knownRemote(options: RemoteOptions, identity: Identity, servesRanges: boolean): RemoteFile {
  return {
    identity,
    servesRanges,
    read: (begin, end) =>
      rangeReader(options, { begin, end, known: identity }, ({ identity: now }) => {
        if (!isSameFile(identity, now)) throw new FileChanged(`${options.url}: is another file now`);
        return end;
      }),
  };
}

/** All bytes of a range, at most `most`. */
export async function readAll(reader: RangeReader, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(most);
  let length = 0;
  for (let part = await reader.next(most); part !== null; part = await reader.next(most - length)) {
    bytes.set(part, length);
    length += part.byteLength;
    if (length === most) break;
  }
  return bytes.subarray(0, length);
}

interface WantedRange {
  readonly begin: number;
  readonly end: number;
  readonly known: Identity | null;
}

/** @param accept judges each answer, and tells where the range ends */
function rangeReader(
  options: RemoteOptions,
  { begin, end: wantedEnd, known }: WantedRange,
  accept: (answer: RangeAnswer) => number,
): RangeReader {
  const { url, headers, maxRetries, signal, onRetry } = options;
  let at = begin;
  let end = wantedEnd;
  let answer: RangeAnswer | null = null;
  let held: Uint8Array<ArrayBuffer> | null = null;
  let nFruitless = 0;
  let skip = 0; // bytes of the answer before `at`

  /** The next bytes of an answer, those before `at` left out. */
  async function receive(): Promise<Uint8Array<ArrayBuffer>> {
    if (answer === null) {
      answer = await requestRange({ url, headers, begin: at, end, known, signal });
      end = accept(answer);
      skip = at - answer.start;
    }
    for (;;) {
      const part = await answer.next();
      if (part === null) throw cutShort(url, at, end);
      if (part.byteLength > skip) {
        const bytes = part.subarray(skip, skip + end - at);
        skip = 0;
        return bytes;
      }
      skip -= part.byteLength;
    }
  }

  return {
    async next(most) {
      while (held === null) {
        signal.throwIfAborted();
        if (at >= end) {
          answer?.cancel();
          return null;
        }
        try {
          held = await receive();
          nFruitless = 0;
        } catch (error) {
          answer?.cancel();
          answer = null;
          if (!(error instanceof RetryableFailure)) throw error;
          if (nFruitless >= maxRetries) throw error.error;
          onRetry({ byteOffset: at, reason: error.error.message });
          await pause(error.waitMs ?? waitAfter(nFruitless), signal);
          nFruitless++;
        }
      }
      const bytes: Uint8Array<ArrayBuffer> = held.subarray(0, most);
      at += bytes.byteLength;
      held = bytes.byteLength === held.byteLength ? null : held.subarray(most);
      return bytes;
    },
    cancel() {
      answer?.cancel();
      answer = null;
    },
  };
}

/** A connection that gave bytes before it was cut is taken up at once. */
function waitAfter(nFruitless: number): number {
  return nFruitless === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (nFruitless - 1));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
