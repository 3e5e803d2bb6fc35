// One request on its way: its signal, its body, and what is logged about it.

import { isToolkitError, type JsonObject, ToolkitError } from '@llama-ts/base';
import type { UsageBody } from './answer/tally.js';

/** A request that is being answered. */
export interface Call {
  readonly id: string;
  readonly request: Request;
  /** What the path names, such as a model. */
  readonly name: string;
  /** Aborted when the client leaves, and when the server ends. */
  readonly signal: AbortSignal;
  /** The object in its body. */
  body(): Promise<JsonObject>;
  /** Ends everything that the request holds. */
  abort(reason: unknown): void;
  /** Sets the usage for the log, once tokens are counted. */
  setUsage(usage: UsageBody): void;
  /** Ends a call whose answer goes on after its handler has returned; called once. */
  end(error?: unknown): void;
  /** Says that the answer goes on after the handler has returned, until `end`. */
  goOn(): void;
}

/** The reason of a request whose client has left. */
export function clientLeft(): ToolkitError {
  return new ToolkitError('BROKEN_PIPE', 'the client has left');
}

export function isClientLeft(error: unknown): boolean {
  return isToolkitError(error) && error.code === 'BROKEN_PIPE';
}
