// The events of a download.

import type { ErrorCode } from '@llama-ts/base';
import type { DownloadPlan } from './plan-download.js';

/** Progress of a download. Sizes and offsets are in bytes. */
export type HubEvent =
  /** The commit is pinned and its files are known; comes once, before the first large byte. */
  | { readonly type: 'plan-ready'; readonly plan: DownloadPlan }
  /** The hub cannot be reached; the snapshot of this commit, which the cache holds whole, takes its place. */
  | ({ readonly type: 'hub-unreachable'; readonly commit: string } & HubEventReason)
  /** A request to the hub failed and is made again after `delayMs`. */
  | ({ readonly type: 'request-retry' } & HubEventRetry)
  /** The file was in the cache. */
  | { readonly type: 'file-cached'; readonly path: string; readonly size: number }
  /** Another process downloads the file; this one waits and then shares it. */
  | { readonly type: 'file-wait'; readonly path: string; readonly size: number }
  /** A transfer starts at `startOffset`, which is over 0 where it continues an interrupted one. */
  | { readonly type: 'file-start'; readonly path: string; readonly size: number; readonly startOffset: number }
  /** `byteLength` bytes are on disk: fewer than before after a restart. */
  | { readonly type: 'file-progress'; readonly path: string; readonly size: number; readonly byteLength: number }
  /** A transfer failed and continues after `delayMs`. */
  | ({ readonly type: 'file-retry'; readonly path: string } & HubEventRetry)
  /** Length and digest are right; the file is in the cache. */
  | { readonly type: 'file-verified'; readonly path: string; readonly size: number; readonly etag: string };

/** Which attempt failed, from 1, of how many in a row, and when the next one starts. */
export interface HubEventRetry extends HubEventReason {
  /** The attempt that failed, from 1; counts from 1 again after progress. */
  readonly attempt: number;
  /** Attempts in a row after which the request is given up. */
  readonly maxAttempts: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/** Why something is tried again: what the error would be, were it the last try. */
export interface HubEventReason {
  readonly code: ErrorCode;
  readonly reason: string;
}
