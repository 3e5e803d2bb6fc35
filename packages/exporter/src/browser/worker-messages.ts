// What a page and the worker that exports for it tell each other.

import type { ErrorCode } from '@llama-ts/base';
import type { ExportEvent, ExportOptions, ExportResult } from '../export-model.js';
import type { ChosenFolder } from './chosen-folder.js';

/** A repository of the hub, whose files the worker fetches. */
export interface RepositoryToExport {
  /** Like `meta-llama/Llama-3.2-1B-Instruct`. */
  readonly repo: string;
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string | undefined;
  /** Pattern of the GGUF file to take; default: safetensors, else the only GGUF file. */
  readonly file?: string | undefined;
  /** The user's token, for repositories that want one. It is sent to the endpoint's own origin only. */
  readonly token?: string | undefined;
  /** Default `https://huggingface.co`. */
  readonly endpoint?: string | undefined;
}

/** What can be exported in a page. */
export type TabSource = ChosenFolder | RepositoryToExport;

/** Options that a worker is told. */
export type WorkerExportOptions = Pick<
  ExportOptions,
  'output' | 'version' | 'groupSize' | 'types' | 'targetSize' | 'plain' | 'tokenizerBin' | 'force'
>;

/** To the worker: the export, once, and that it is to end. */
export type ToWorker =
  | { readonly type: 'start'; readonly source: TabSource; readonly options: WorkerExportOptions }
  | { readonly type: 'abort' };

/** From the worker: events, then how it ended. */
export type FromWorker =
  | { readonly type: 'event'; readonly event: ExportEvent }
  | { readonly type: 'end'; readonly result: ExportResult }
  | { readonly type: 'failure'; readonly failure: Failure };

/** An error without what cannot be sent. */
export interface Failure {
  /** null for one that is no ToolkitError's. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly suggestions: readonly string[];
}
