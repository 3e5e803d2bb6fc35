// The tools of a chat request: what the template says of them, and what holds a call to them.

import { isObject, type JsonObject } from '@llama-ts/base';
import { BadRequest, createSchemaJudge, shownValue, type ToolCall } from '@llama-ts/runtime';
import type { ConstraintCache } from './constraint-cache.js';

/** A tool of a request, whatever its protocol. */
export interface Tool {
  readonly name: string;
  /** JSON schema of its arguments. */
  readonly parameters: unknown;
  readonly isStrict: boolean;
  /** The tool in OpenAI's form, which templates write into the prompt. */
  readonly source: JsonObject;
  /** Where its name and its schema stand in the request. */
  readonly at: { readonly name: string; readonly parameters: string };
}

/** Whether a tool is to be called, and which. */
export type ToolChoice = 'none' | 'auto' | 'required' | { readonly name: string };

/** What the answer may be: text, text or calls, or one call of these tools. */
export type ToolUse =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'auto';
      readonly tools: readonly Tool[];
      /** Whether what begins as a call is held to be one, and the only one. */
      readonly isHeld: boolean;
    }
  | { readonly mode: 'forced'; readonly tools: readonly Tool[]; readonly callable: readonly Tool[] };

/** What a request says of tools. */
export interface ToolWishes {
  readonly tools: readonly Tool[];
  readonly choice: ToolChoice;
  /** false for one call at most. */
  readonly mayCallSeveral: boolean;
}

/** What OpenAI allows. */
const NAME = /^[\w-]{1,64}$/;
/** As many as OpenAI takes. */
const MAX_TOOLS = 128;
/** A function without parameters. */
const NO_PARAMETERS = { type: 'object', properties: {} };

/** Reads `tools`, `tool_choice` and `parallel_tool_calls` of a chat. @throws BadRequest that names tool and field */
export async function readToolUse(values: JsonObject, constraints: ConstraintCache): Promise<ToolUse> {
  const { tools: given, tool_choice: choice, parallel_tool_calls: parallel } = values;
  checkHasTools(given, choice);
  if (given === undefined) return { mode: 'none' };
  const tools = (given as readonly unknown[]).map((tool, i) => readTool(tool, `tools[${i}]`));
  return toolUseOf({ tools, choice: readChoice(choice), mayCallSeveral: parallel !== false }, constraints);
}

/** The items of a field that may hold none: no tools are none. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value : undefined;
}

/** @throws BadRequest for a choice among no tools */
export function checkHasTools(tools: unknown, choice: unknown): void {
  if (tools !== undefined || choice === undefined || choice === 'none' || choice === 'auto') return;
  throw new BadRequest('tool_choice', 'tool_choice without tools, expected "none" or tools to choose from');
}

/** The same for every protocol. @throws BadRequest that names tool and field */
export async function toolUseOf(
  { tools, choice, mayCallSeveral }: ToolWishes,
  constraints: ConstraintCache,
): Promise<ToolUse> {
  await checkTools(tools, constraints);
  switch (choice) {
    case 'none':
      return { mode: 'none' };
    case 'auto':
      return { mode: 'auto', tools, isHeld: !mayCallSeveral || tools.some(({ isStrict }) => isStrict) };
    case 'required':
      return { mode: 'forced', tools, callable: tools };
    default:
      return { mode: 'forced', tools, callable: [toolNamed(choice.name, tools)] };
  }
}

/** @param source as templates write the tool out */
export function createTool(
  given: { readonly name: unknown; readonly parameters: unknown; readonly strict: unknown },
  at: { readonly name: string; readonly parameters: string; readonly strict: string },
  source: JsonObject,
): Tool {
  const { name, parameters, strict } = given;
  if (typeof name !== 'string' || !NAME.test(name)) {
    const expected = '1 to 64 letters, digits, underscores and dashes';
    throw new BadRequest(at.name, `${at.name} ${shownValue(name)}, expected ${expected}`);
  }
  if ((strict ?? null) !== null && typeof strict !== 'boolean') {
    throw new BadRequest(at.strict, `${at.strict} ${shownValue(strict)}, expected true or false`);
  }
  return { name, parameters: parameters ?? NO_PARAMETERS, isStrict: strict === true, source, at };
}

/**
 * Schema of a call of one of the tools, in the form of Llama 3.2, or of something else, with the references of their schemas
 * bent to it.
 */
export function callSchema(tools: readonly Pick<Tool, 'name' | 'parameters'>[], other?: unknown): unknown {
  const calls = tools.map(({ name, parameters }, i) => ({
    type: 'object',
    properties: {
      name: { const: name },
      parameters: withReferencesAt(parameters, `#/anyOf/${i}/properties/parameters`),
    },
    required: ['name', 'parameters'],
    additionalProperties: false,
  }));
  return { anyOf: [...calls, ...(other === undefined ? [] : [withReferencesAt(other, `#/anyOf/${calls.length}`)])] };
}

/** Whether a call is of one of the tools, and of a strict one with arguments that meet its schema. */
export function acceptsCall(tools: readonly Tool[], { function: { name, arguments: given } }: ToolCall): boolean {
  const tool = tools.find((one) => one.name === name);
  return tool !== undefined && (!tool.isStrict || createSchemaJudge(tool.parameters)(given));
}

function readChoice(choice: unknown): ToolChoice {
  if (choice === undefined || choice === 'auto') return 'auto';
  if (choice === 'none' || choice === 'required') return choice;
  const { type, function: called } = isObject(choice) ? choice : {};
  if (type === 'function' && isObject(called) && typeof called.name === 'string') return { name: called.name };
  const expected = '"none", "auto", "required" or {"type": "function", "function": {"name": "…"}}';
  throw new BadRequest('tool_choice', `tool_choice ${shownValue(choice)}, expected ${expected}`);
}

function toolNamed(name: string, tools: readonly Tool[]): Tool {
  const tool = tools.find((one) => one.name === name);
  if (tool !== undefined) return tool;
  const names = tools.map((one) => one.name).join(', ');
  throw new BadRequest('tool_choice', `tool_choice names ${shownValue(name)}, expected one of ${names}`);
}

function readTool(tool: unknown, at: string): Tool {
  const { type, function: given } = isObject(tool) ? tool : {};
  if (type !== 'function' || !isObject(given)) {
    const expected = '{"type": "function", "function": {"name": "…", "parameters": {…}}}';
    throw new BadRequest(at, `${at} ${shownValue(tool)}, expected ${expected}`);
  }
  const { name, parameters, strict } = given;
  const field = (last: string): string => `${at}.function.${last}`;
  const places = { name: field('name'), parameters: field('parameters'), strict: field('strict') };
  return createTool({ name, parameters, strict }, places, tool as JsonObject);
}

async function checkTools(tools: readonly Tool[], constraints: ConstraintCache): Promise<void> {
  if (tools.length > MAX_TOOLS) {
    throw new BadRequest('tools', `tools: ${tools.length} of them, expected at most ${MAX_TOOLS}`);
  }
  for (const [i, { name, parameters, isStrict, at }] of tools.entries()) {
    const first = tools.findIndex((tool) => tool.name === name);
    if (first < i) throw new BadRequest(at.name, `${at.name}: tools[${first}] has this name too, ${name}`);
    if (isStrict) await constraints.jsonSchema(parameters, at.parameters);
  }
}

/** Keywords whose values are no schemas. */
const plainKeywords = ['const', 'enum', 'default', 'examples'];
/** Keywords whose values are schemas by names of any kind, such as `default`. */
const namingKeywords = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'];

/** A schema moved into another document: references to its root point to its new place. */
function withReferencesAt(schema: unknown, pointer: string): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withReferencesAt(item, pointer));
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (plainKeywords.includes(keyword)) return [keyword, value];
      if (namingKeywords.includes(keyword) && isObject(value)) {
        const schemas = Object.entries(value).map(([name, one]) => [name, withReferencesAt(one, pointer)]);
        return [keyword, Object.fromEntries(schemas)];
      }
      const isPointer = keyword === '$ref' && typeof value === 'string' && /^#(\/|$)/.test(value);
      return [keyword, isPointer ? pointer + value.slice(1) : withReferencesAt(value, pointer)];
    }),
  );
}
