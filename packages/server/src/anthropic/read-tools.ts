// The tools of a request of Anthropic's API.

import { isObject, type JsonObject } from '@llama-ts/base';
import { BadRequest, shownValue } from '@llama-ts/runtime';
import type { ConstraintCache } from '../request/constraint-cache.js';
import { unknownField } from '../request/field-table.js';
import {
  checkHasTools,
  createTool,
  listOf,
  type Tool,
  type ToolChoice,
  type ToolUse,
  toolUseOf,
} from '../request/tools.js';

const known = ['name', 'description', 'input_schema', 'strict', 'type'];
/** What cannot change an answer here; none of the values defers or hides a tool. */
const harmless = ['cache_control', 'eager_input_streaming'];

/** @throws BadRequest that names tool and field */
export async function readTools(
  { tools: given, tool_choice: choice }: JsonObject,
  constraints: ConstraintCache,
): Promise<ToolUse> {
  const list = listOf(given);
  checkHasTools(list, isObject(choice) ? choice.type : choice);
  if (list === undefined) return { mode: 'none' };
  const tools = list.map((tool, i) => readTool(tool, `tools[${i}]`));
  const mayCallSeveral = !isObject(choice) || choice.disable_parallel_tool_use !== true;
  return toolUseOf({ tools, choice: readChoice(choice), mayCallSeveral }, constraints);
}

function readTool(tool: unknown, at: string): Tool {
  if (!isObject(tool)) {
    throw new BadRequest(at, `${at} ${shownValue(tool)}, expected {"name": "…", "input_schema": {…}}`);
  }
  const { name, description, input_schema: parameters, strict, type } = tool;
  if ((type ?? null) !== null && type !== 'custom') {
    throw new BadRequest(`${at}.type`, `${at}.type ${shownValue(type)} is not supported: the server runs no tools`);
  }
  const isOff = (value: unknown): boolean => value === null || value === false;
  const stranger = Object.entries(tool).find(
    ([field, value]) => !known.includes(field) && !harmless.includes(field) && !isOff(value),
  );
  if (stranger !== undefined) throw unknownField(stranger[0], known, `${at}.`);
  if (!isObject(parameters)) {
    const place = `${at}.input_schema`;
    throw new BadRequest(place, `${place} ${shownValue(parameters)}, expected a schema of an object`);
  }
  const places = { name: `${at}.name`, parameters: `${at}.input_schema`, strict: `${at}.strict` };
  const said = { name, ...(typeof description === 'string' ? { description } : {}), parameters };
  return createTool({ name, parameters, strict }, places, { type: 'function', function: said });
}

function readChoice(choice: unknown): ToolChoice {
  if (choice === undefined) return 'auto';
  const { type, name } = isObject(choice) ? choice : {};
  if (type === 'auto' || type === 'none') return type;
  if (type === 'any') return 'required';
  if (type === 'tool' && typeof name === 'string') return { name };
  const expected = '{"type": "auto"}, "any", "none", or {"type": "tool", "name": "…"}';
  throw new BadRequest('tool_choice', `tool_choice ${shownValue(choice)}, expected ${expected}`);
}
