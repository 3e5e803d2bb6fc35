// What a page and its download worker tell each other.

import type { ErrorCode } from '@llama-ts/base';
import type { Identity } from '../journal.js';

/** What happens during a download. Offsets and lengths are in bytes of the file. */
export type DownloadEvent =
  /** Another tab or worker downloads the model; its events follow. */
  | { readonly type: 'download-wait' }
  /** `receivedBytes` are there from an earlier time. */
  | { readonly type: 'download-start'; readonly receivedBytes: number; readonly byteLength: number }
  | { readonly type: 'download-progress'; readonly receivedBytes: number; readonly byteLength: number }
  /** The connection was cut at `byteOffset`, and is taken up there. */
  | { readonly type: 'download-retry'; readonly byteOffset: number; readonly reason: string }
  /** The server has another file than when the download began: what was received is dropped. */
  | { readonly type: 'file-changed'; readonly droppedBytes: number }
  /** A part that differs from its checksum is fetched once more. */
  | {
      readonly type: 'part-refetch';
      /** Name of the tensor, or `header and trailer`. */
      readonly part: string;
      readonly byteOffset: number;
      readonly byteLength: number;
    };

/** What the first request for a file told, and brought. */
export interface Opening {
  readonly identity: Identity;
  /** Whether the server sends parts of the file. */
  readonly servesRanges: boolean;
  /** The file's first bytes. */
  readonly head: Uint8Array<ArrayBuffer>;
}

/** What a worker is to download. */
export interface DownloadRequest {
  readonly name: string;
  readonly url: string;
  readonly key: string;
  /** The file when the plan was made. */
  readonly opening: Opening;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a file without checksums is taken. */
  readonly unchecked: boolean;
  /** Whether a model that is there is compared with the server's. */
  readonly update: boolean;
  readonly maxRetries: number;
}

/** From the page. */
export type ToWorker = { readonly type: 'start'; readonly request: DownloadRequest } | { readonly type: 'abort' };

/** To the page. */
export type FromWorker =
  | { readonly type: 'event'; readonly event: DownloadEvent }
  | { readonly type: 'done' }
  | { readonly type: 'aborted' }
  | { readonly type: 'failed'; readonly failure: Failure };

/** An error as a message; a ToolkitError has a code. */
export interface Failure {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly suggestions: readonly string[];
}
