// The error of a request that is not as declared. It knows the field, which OpenAI's API reports as `param`.

import { ToolkitError } from '@llama-ts/base';

/** Long enough to recognise a value, short enough for a line. */
const MAX_SHOWN = 60;

/** A field of a request that is unknown, missing, or not of its kind. */
export class BadRequest extends ToolkitError {
  /** The field at fault; null for the request as a whole. */
  readonly field: string | null;

  constructor(field: string | null, problem: string) {
    super('BAD_REQUEST', problem);
    this.field = field;
  }
}

/** A value in an error, as JSON, cut where it is long. */
export function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
