// The form that a line of a file of prompts asks of its answer.

import { isToolkitError } from '@llama-ts/format';
import { type AnswerOptions, type Constraint, jsonMode, jsonSchema, regex } from '@llama-ts/runtime';
import { BadLine } from './bad-line.js';

/** Constraints by what asked for them: lines that ask for the same share one, and the masks it keeps. */
export type KnownConstraints = Map<string, Constraint>;

/** Fields that ask for a form, of which a line has one at most. */
export const constraintFields = ['json_schema', 'json_mode', 'regex'] as const;

/**
 * What a line says of its form: `{}` for nothing, which leaves the flags', and no constraint for `"json_mode": false`.
 *
 * @throws BadLine
 */
export function readLineConstraint(
  fields: Readonly<Record<string, unknown>>,
  known: KnownConstraints,
): Pick<AnswerOptions, 'constraint'> {
  const asked = constraintFields.filter((name) => fields[name] !== undefined);
  const [name, second] = asked;
  if (name === undefined) return {};
  if (second !== undefined) throw new BadLine(`${name} and ${second}, expected one of them`);
  const value = fields[name];
  if (value === false && name === 'json_mode') return { constraint: undefined };
  if (fields.stop !== undefined) throw new BadLine(`${name} and stop, expected one of them`);
  const key = `${name} ${JSON.stringify(value)}`;
  const constraint = known.get(key) ?? compile(name, value);
  known.set(key, constraint);
  return { constraint };
}

function compile(name: (typeof constraintFields)[number], value: unknown): Constraint {
  if (name === 'json_mode' && value !== true) throw new BadLine('json_mode: expected true or false');
  if (name === 'regex' && typeof value !== 'string') throw new BadLine('regex: expected a text');
  if (name === 'json_schema' && (typeof value !== 'object' || value === null)) {
    throw new BadLine('json_schema: expected a schema: {"type": "object", …}');
  }
  try {
    if (name === 'json_schema') return jsonSchema(value);
    return name === 'regex' ? regex(value as string) : jsonMode();
  } catch (error) {
    if (isToolkitError(error)) throw new BadLine(`${name}: ${error.message.replace(/^schema: /, '')}`);
    throw error;
  }
}
