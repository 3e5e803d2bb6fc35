// What an endpoint is: method, path, whether a key is needed, the fields of its body, and who answers.

import type { Call } from '../call.js';
import type { FieldTable } from '../request/field-table.js';
import type { ServerContext } from '../server-options.js';

/** One endpoint. */
export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** `:name` matches one part of the path. */
  readonly path: string;
  /** What it does, beginning with a verb. */
  readonly summary: string;
  /** Whether a request must bring a key, where the server has keys. */
  readonly needsKey: boolean;
  /** Fields of the body; null without one. */
  readonly table: FieldTable | null;
  /** The API whose form its errors have. */
  readonly errors: 'openai' | 'anthropic';
  handle(context: ServerContext, call: Call): Promise<Response>;
}
