// What an answer is held to: a form that the request asks for, a call of a tool, or either.

import { BadRequest, type Constraint, textOr } from '@llama-ts/runtime';
import type { ConstraintCache } from './constraint-cache.js';
import { callSchema, type Tool, type ToolUse } from './tools.js';

/** JSON that meets a schema. */
export interface Form {
  readonly schema: unknown;
  /** Where the schema stands in the request. */
  readonly at: string;
}

/** Arguments of a tool that is not strict. */
const ANY_ARGUMENTS = { type: 'object' };

/**
 * The constraint of an answer; undefined where it is free. Every schema that it is made of is compiled by itself first, so that
 * an error names its place.
 *
 * @throws BadRequest
 */
export async function constraintOf(
  form: Form | null,
  toolUse: ToolUse,
  constraints: ConstraintCache,
): Promise<Constraint | undefined> {
  const alone = form === null ? undefined : await constraints.jsonSchema(form.schema, form.at);
  switch (toolUse.mode) {
    case 'none':
      return alone;
    case 'forced':
      for (const { parameters, at } of toolUse.callable) await constraints.jsonSchema(parameters, at.parameters);
      return constraints.jsonSchema(callSchema(toolUse.callable), 'tools');
    case 'auto': {
      const calls = toolUse.tools.map(asHeld);
      if (form !== null) return constraints.jsonSchema(callSchema(calls, form.schema), form.at);
      return toolUse.isHeld ? textOr(await constraints.jsonSchema(callSchema(calls), 'tools')) : undefined;
    }
  }
}

/** @throws BadRequest for stop strings beside a constraint, which says itself where the answer ends */
export function checkStop(stop: unknown, constraint: Constraint | undefined, field: string): void {
  if (constraint === undefined || stop === undefined) return;
  const message = `${field} together with a form, a strict tool or a call that is demanded, which say where the answer ends`;
  throw new BadRequest(field, message);
}

function asHeld({ name, parameters, isStrict }: Tool): Pick<Tool, 'name' | 'parameters'> {
  return { name, parameters: isStrict ? parameters : ANY_ARGUMENTS };
}
