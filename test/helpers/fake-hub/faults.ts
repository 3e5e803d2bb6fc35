// The ways in which the fake hub misbehaves, each applied to one answer.

import type { ServerResponse } from 'node:http';

/** An answer as it leaves. */
export interface FileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Its length need not be the one that the headers state. */
  readonly body: Uint8Array;
}

/** Sends an answer, and closes the connection where it does not hold what its headers say. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: FileAnswer): void {
  const stated = headers['content-length'];
  response.writeHead(status, { ...headers, connection: 'close' });
  if (stated === undefined || Number(stated) === body.byteLength) response.end(body);
  else response.write(body, () => response.destroy());
}

/** What goes wrong with an answer. Offsets count from the file's first byte. */
export type Fault =
  /** The connection breaks before byte `atByte`. */
  | { readonly kind: 'cut'; readonly atByte: number }
  /** Nothing more comes from byte `atByte` on, but the connection stays. */
  | { readonly kind: 'stall'; readonly atByte: number }
  /** The body ends at `atByte` as if it were complete; `isHonest` says so in its length. */
  | { readonly kind: 'shorten'; readonly atByte: number; readonly isHonest: boolean }
  /** Byte `atByte` has another value. */
  | { readonly kind: 'flip'; readonly atByte: number }
  /** Bytes that do not belong to the file follow it. */
  | { readonly kind: 'lengthen'; readonly byteLength: number }
  /** A login page with status 200. */
  | { readonly kind: 'page'; readonly hasLength: boolean }
  /** A 206 whose range starts `by` bytes elsewhere. */
  | { readonly kind: 'shift-range'; readonly by: number }
  /** 200 and the whole file to a range request. */
  | { readonly kind: 'ignore-range' }
  /** Any other answer with a file, or redirect to one, made from the right one. */
  | { readonly kind: 'forge'; readonly forge: (right: FileAnswer) => FileAnswer }
  /** A status without a file. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Other JSON, or no JSON, in place of an answer of the API. */
  | { readonly kind: 'answer'; readonly body: string };

/** Sends `bytes` of a file from `start` on, `chunkBytes` at a time, with a fault if there is one. */
export async function sendBytes(
  response: ServerResponse,
  bytes: Uint8Array,
  { start, chunkBytes, fault, onServed }: SendOptions,
): Promise<void> {
  const stop =
    fault?.kind === 'cut' || fault?.kind === 'stall' || fault?.kind === 'shorten'
      ? Math.min(bytes.byteLength, Math.max(start, fault.atByte))
      : bytes.byteLength;
  for (let at = start; at < stop; at += chunkBytes) {
    const chunk = Uint8Array.from(bytes.subarray(at, Math.min(stop, at + chunkBytes)));
    if (fault?.kind === 'flip' && fault.atByte >= at && fault.atByte < at + chunk.byteLength)
      chunk[fault.atByte - at]! ^= 1;
    if (response.destroyed) return;
    // Written through to the socket, so that what counts as served was sent before a cut.
    await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
    await onServed(chunk.byteLength);
  }
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'cut') response.destroy();
  else if (fault?.kind === 'lengthen') response.end(new Uint8Array(fault.byteLength));
  else response.end();
}

interface SendOptions {
  readonly start: number;
  readonly chunkBytes: number;
  readonly fault: Fault | undefined;
  readonly onServed: (byteLength: number) => Promise<void>;
}
