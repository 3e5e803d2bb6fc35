// Flags that hold answers to a form: a JSON schema, any JSON, or a pattern.

import { type Constraint, jsonMode, jsonSchema, regex } from '@llama-ts/runtime';
import { Flags, type Interfaces } from '@oclif/core';
import { completed } from '../failure/typed-command.js';
import { readJsonSchema } from '../input/read-json-schema.js';

export const constraintFlags = {
  'json-schema': Flags.string({
    description: 'hold the answer to the JSON schema in a file',
    exclusive: ['json-mode', 'regex', 'stop'],
  }),
  'json-mode': Flags.boolean({ description: 'hold the answer to one JSON value', exclusive: ['regex', 'stop'] }),
  regex: Flags.string({ description: 'hold the whole answer to a regular expression', exclusive: ['stop'] }),
};

/** A constraint, and what was given for it. */
export interface GivenConstraint {
  readonly constraint: Constraint;
  readonly flag: keyof typeof constraintFlags;
  /** The flag's value; `on` for a flag without one. */
  readonly text: string;
  /** Equal for equal constraints. */
  readonly source: string;
}

/** @throws ToolkitError `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BAD_TEXT`, `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA`, `BAD_PATTERN` */
export async function readConstraint(
  flags: Pick<Interfaces.InferredFlags<typeof constraintFlags>, keyof typeof constraintFlags>,
): Promise<GivenConstraint | null> {
  const { 'json-schema': path, 'json-mode': isJson, regex: pattern } = flags;
  if (path !== undefined) {
    const schema = await readJsonSchema(path);
    return {
      constraint: jsonSchema(schema),
      flag: 'json-schema',
      text: path,
      source: `schema ${JSON.stringify(schema)}`,
    };
  }
  if (pattern !== undefined)
    return { constraint: regex(pattern), flag: 'regex', text: pattern, source: `regex ${pattern}` };
  return isJson ? { constraint: jsonMode(), flag: 'json-mode', text: 'on', source: 'json' } : null;
}

/** The notice after an answer that a limit cut off. */
export function cutOffNotice(endReason: string | null): string {
  const remedy = endReason === 'length' ? '--max-tokens N' : '--context N';
  return (
    'cut off: the answer does not have the form that was asked for; bounds in the schema keep it short\n' +
    `  ${completed(`give it more room: ${remedy}`)}`
  );
}
