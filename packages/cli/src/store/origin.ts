// What a model of the store is made from, and how.

import type { ExportPlan, ModelSource } from '@llama-ts/exporter';
import type { BackendName } from '@llama-ts/kernels';
import type { Reporter } from '../progress/show-write-progress.js';
import type { EntrySource } from './entries.js';

/** How to make a model. */
export interface MakeOptions {
  /** The name as it was typed. */
  readonly typed: string;
  /** Whether a large download was agreed to. */
  readonly isAgreed: boolean;
  /** Look for a newer commit of a model that is there. Default false. */
  readonly isUpdate?: boolean;
  /** Whose kernels convert the weights; undefined for the fastest that run here. */
  readonly backend: BackendName | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** What a model is made from, before its weights are read. */
export interface Origin {
  /** All that the bytes of a model follow from, but the variant; null while only {@link Origin.open} can tell. */
  readonly key: string | null;
  readonly source: EntrySource | null;
  /** Bytes that {@link Origin.open} downloads. */
  readonly downloadBytes: number;
  /** Plans the export to a file. Where it does not fit on the disk, it is refused. */
  readonly plan: ExportPlan | null;
  /** Fetches it. */
  open(): Promise<OpenOrigin>;
  close(): Promise<void>;
}

/** What a model is made from, ready to be read. */
export interface OpenOrigin {
  readonly key: string;
  readonly source: EntrySource;
  readonly model: ModelSource;
}
