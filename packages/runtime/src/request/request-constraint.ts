// The form that a request asks of its answer: a JSON schema, any JSON, or a pattern.

import { isToolkitError } from '@llama-ts/base';
import type { Constraint } from '../constraint/constraint.js';
import { jsonMode, jsonSchema, regex } from '../constraint/constraints.js';
import { BadRequest } from './bad-request.js';

/** Constraints by what asked for them: requests that ask for the same share one, and the masks it keeps. */
export type KnownConstraints = Map<string, Constraint>;

/** Fields that ask for a form, with the JSON schemas of their values. A request has one of them at most. */
export const constraintFields = {
  json_schema: { type: 'object' },
  json_mode: { type: 'boolean' },
  regex: { type: 'string' },
} as const;

type ConstraintField = keyof typeof constraintFields;

/**
 * What a request says of its form: `{}` for nothing, which leaves a default, and no constraint for `"json_mode": false`.
 *
 * @param known constraints of earlier requests; this one's is added
 * @throws BadRequest
 */
export function readConstraint(
  fields: Readonly<Record<string, unknown>>,
  known: KnownConstraints,
): { readonly constraint?: Constraint | undefined } {
  const asked = (Object.keys(constraintFields) as ConstraintField[]).filter((name) => fields[name] !== undefined);
  const [name, second] = asked;
  if (name === undefined) return {};
  if (second !== undefined) throw new BadRequest(second, `${name} and ${second}, expected one of them`);
  const value = fields[name];
  if (value === false && name === 'json_mode') return { constraint: undefined };
  if (fields.stop !== undefined) throw new BadRequest('stop', `${name} and stop, expected one of them`);
  const key = `${name} ${JSON.stringify(value)}`;
  const constraint = known.get(key) ?? compile(name, value);
  known.set(key, constraint);
  return { constraint };
}

function compile(name: ConstraintField, value: unknown): Constraint {
  if (name === 'json_mode' && value !== true) throw new BadRequest(name, 'json_mode: expected true or false');
  if (name === 'regex' && typeof value !== 'string') throw new BadRequest(name, 'regex: expected a text');
  if (name === 'json_schema' && (typeof value !== 'object' || value === null)) {
    throw new BadRequest(name, 'json_schema: expected a schema: {"type": "object", …}');
  }
  try {
    if (name === 'json_schema') return jsonSchema(value);
    return name === 'regex' ? regex(value as string) : jsonMode();
  } catch (error) {
    if (isToolkitError(error)) throw new BadRequest(name, `${name}: ${error.message.replace(/^schema: /, '')}`);
    throw error;
  }
}
