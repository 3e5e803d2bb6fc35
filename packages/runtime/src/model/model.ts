// A model that is ready to run.

import type {
  BinHeader,
  BoundaryTokens,
  ForwardSettings,
  GenerationDefaults,
  ModelDescription,
} from '@llama-ts/format';
import type { BackendName, ChosenTuning, KeyValueCache } from '@llama-ts/kernels';
import type { ForwardOptions, SequenceTokens } from '../pass/forward.js';
import type { CreateCacheOptions } from '../pass/key-value-cache.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** A model ready to run. */
export interface Model {
  /** Path of its file, or the name of the Blob or source it was opened from. */
  readonly path: string;
  readonly header: BinHeader;
  readonly settings: ForwardSettings & BoundaryTokens;
  /** The content of the file's trailer; null for a plain file. */
  readonly description: ModelDescription | null;
  /** Assumptions about settings that the file does not hold, one sentence each. */
  readonly assumptions: readonly string[];
  readonly tokenizer: Tokenizer | null;
  readonly chatTemplate: string | null;
  /** Other chat templates by their names, such as `tool_use` and `rag`. */
  readonly namedTemplates: Readonly<Record<string, string>>;
  /** Special tokens by the variables of a template, where the file says them. */
  readonly templateTokens: Readonly<Record<string, string>>;
  readonly generationDefaults: GenerationDefaults;
  /** Positions a sequence may take. */
  readonly contextLength: number;
  readonly backend: BackendName;
  /** Threads that compute, not counting the caller's. */
  readonly threads: number;
  /** Cost of each further row of a pass, relative to a pass over one row, as measured for the backend. */
  readonly rowCost: number;
  /** What the native kernels chose for this CPU; null for other backends. */
  readonly tuning: ChosenTuning | null;
  /** The kernels' part of sampling: softmax(logits / temperature), both (vocabSize). */
  softmax(logits: Float32Array, temperature: number): Promise<Float32Array>;
  /** A key/value cache for one sequence. @throws ToolkitError `INVALID_OPTION` */
  createCache(options?: CreateCacheOptions): KeyValueCache;
  /**
   * sha256 (32) of the weights and forward settings: keys and values belong to models of the same checksum alone. A plain
   * file is read through for it, once.
   */
  checksum(signal?: AbortSignal): Promise<Uint8Array>;
  /** Runs tokens through the model. @throws ToolkitError `MODEL_BUSY` while another pass is under way */
  forward(batch: readonly SequenceTokens[], options?: ForwardOptions): Promise<Float32Array>;
  /**
   * Runs tokens through the model up to the final norm, without the classifier: (tokens of the batch, dim), valid until the
   * next pass. @throws ToolkitError `MODEL_BUSY` while another pass is under way
   */
  hiddenStates(
    batch: readonly Omit<SequenceTokens, 'logits'>[],
    options?: Pick<ForwardOptions, 'signal'>,
  ): Promise<Float32Array>;
  /**
   * Runs work of several calls, such as a pass and sampling from its logits, while nothing else uses the model.
   * Everything in this package that generates holds this lock; a program that runs passes of its own beside it holds it
   * too.
   */
  withLock<T>(work: () => Promise<T>): Promise<T>;
  /** Aborted by `close`, with `MODEL_CLOSED` as its reason. */
  readonly closed: AbortSignal;
  /**
   * Closes the model: ends the running pass and waits for it. Unfinished answers, of engines and chats too, reject with
   * `MODEL_CLOSED`, and so does every later call that needs weights or kernels. A second call waits for the first.
   */
  close(): Promise<void>;
}
