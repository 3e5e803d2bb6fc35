// A request for a response of OpenAI's API: its fields, and the chat that it is a translation of.

import { isObject, type JsonObject } from '@llama-ts/base';
import { answerFields, BadRequest, booleanKind, shownValue, wholeNumberKind } from '@llama-ts/runtime';
import { answerOptionFields, readAnswerOptions } from '../request/answer-options.js';
import { type ChatRequest, conversationFields, readVariables } from '../request/chat-request.js';
import type { ConstraintCache } from '../request/constraint-cache.js';
import { checkFields, type FieldTable } from '../request/field-table.js';
import { constraintOf, type Form } from '../request/form.js';
import {
  aList,
  anObject,
  anyList,
  completionFields,
  either,
  harmlessFields,
  oneOfTexts,
  text,
} from '../request/kinds.js';
import {
  checkHasTools,
  createTool,
  listOf,
  type Tool,
  type ToolChoice,
  type ToolUse,
  toolUseOf,
} from '../request/tools.js';
import { readInput } from './read-input.js';

/** A request for a response. */
export interface ResponsesRequest extends ChatRequest {
  /** What the response repeats of it. */
  readonly echo: JsonObject;
}

/** What asks for the log-probabilities of the text. */
const LOGPROBS = 'message.output_text.logprobs';
/** Names that chats have and responses have another for, or none. */
const foreign = ['max_completion_tokens', 'max_tokens', 'stop', 'top_logprobs', 'n_probs', 'n_predict'];

/** Fields of a response. */
export const responsesTable: FieldTable = {
  required: ['input'],
  fields: {
    model: completionFields.model!,
    input: {
      kind: either(text, aList),
      description: 'give a text, or messages, calls of functions and their outputs',
    },
    instructions: { kind: text, description: 'tell the model who it is' },
    ...Object.fromEntries(Object.entries(answerOptionFields).filter(([name]) => !foreign.includes(name))),
    max_output_tokens: { kind: wholeNumberKind(1), description: 'make N new tokens at most' },
    text: {
      kind: anObject,
      description: 'hold the answer to a form: {"format": {"type": "json_schema", "schema": {…}}}',
    },
    tools: { kind: anyList, description: 'name functions that the answer may call' },
    tool_choice: {
      kind: either(oneOfTexts('none', 'auto', 'required'), anObject),
      description: 'say whether functions are called: "none", "auto", "required", or a function by name',
    },
    parallel_tool_calls: { kind: booleanKind, description: 'allow several calls in an answer' },
    include: { kind: anyList, description: `add "${LOGPROBS}" to the response` },
    top_logprobs: answerFields.logprobs,
    metadata: { kind: anObject, description: 'have the response repeat this' },
    stream: completionFields.stream!,
    stream_options: {
      kind: anObject,
      description: 'say nothing: {"include_obfuscation": false} is read and left alone',
    },
    chat_template_kwargs: conversationFields.chat_template_kwargs,
  },
  ignored: [...harmlessFields.filter((name) => name !== 'metadata'), 'max_tool_calls'],
  refused: {
    store: { remedy: 'nothing is stored', harmless: [false] },
    previous_response_id: { remedy: 'nothing is stored: send the conversation as input' },
    conversation: { remedy: 'nothing is stored: send the conversation as input' },
    background: { remedy: 'nothing is stored: read the response, or its stream', harmless: [false] },
    prompt: { remedy: 'nothing is stored: send the prompt as input' },
    context_management: { remedy: 'nothing is taken out of a conversation', harmless: [[]] },
    truncation: { remedy: 'nothing is cut: send what fits the context', harmless: ['disabled'] },
    reasoning: { remedy: 'the model has no separate reasoning', harmless: [{}] },
  },
};

/** @throws BadRequest */
export async function readResponsesRequest(body: JsonObject, constraints: ConstraintCache): Promise<ResponsesRequest> {
  const values = checkFields(body, responsesTable);
  const toolUse = await readTools(values, constraints);
  const constraint = await constraintOf(readForm(values), toolUse, constraints);
  const { max_output_tokens: maxTokens, include = [], top_logprobs: nTop, ...others } = values;
  const hasLogprobs = (include as readonly unknown[]).includes(LOGPROBS);
  if (nTop !== undefined && !hasLogprobs) {
    throw new BadRequest('top_logprobs', `top_logprobs without "include": ["${LOGPROBS}"], expected both`);
  }
  return {
    model: values.model as string | undefined,
    conversation: {
      messages: readInput(values.input, values.instructions),
      tools: toolUse.mode === 'none' ? undefined : toolUse.tools.map(({ source }) => source),
      ...readVariables(values),
    },
    toolUse,
    options: {
      ...readAnswerOptions(others),
      ...(maxTokens === undefined ? {} : { maxTokens: maxTokens as number }),
      ...(hasLogprobs ? { logprobs: (nTop as number | undefined) ?? 0 } : {}),
      constraint,
    },
    n: 1,
    isStream: values.stream === true,
    includeUsage: true,
    echo: echoOf(values),
  };
}

function echoOf(values: JsonObject): JsonObject {
  const { instructions, max_output_tokens, metadata, temperature, top_p, tools, tool_choice, text: form } = values;
  return {
    instructions: instructions ?? null,
    max_output_tokens: max_output_tokens ?? null,
    metadata: metadata ?? {},
    parallel_tool_calls: values.parallel_tool_calls ?? true,
    temperature: temperature ?? null,
    top_p: top_p ?? null,
    tools: tools ?? [],
    tool_choice: tool_choice ?? 'auto',
    text: form ?? { format: { type: 'text' } },
  };
}

function readForm({ text: form }: JsonObject): Form | null {
  const { format, verbosity, ...others } = (form ?? {}) as JsonObject;
  const [other] = [...Object.keys(others), ...((verbosity ?? null) === null ? [] : ['verbosity'])];
  if (other !== undefined) throw new BadRequest(`text.${other}`, `text.${other} is not supported: leave it out`);
  const { type = 'text', schema } = isObject(format) ? format : {};
  if (type === 'text') return null;
  if (type === 'json_object') return { schema: { type: 'object' }, at: 'text.format' };
  if (type === 'json_schema' && isObject(schema)) return { schema, at: 'text.format.schema' };
  const expected = '{"type": "text"}, "json_object", or "json_schema" with a schema';
  throw new BadRequest('text.format', `text.format ${shownValue(format)}, expected ${expected}`);
}

async function readTools(values: JsonObject, constraints: ConstraintCache): Promise<ToolUse> {
  const { tools: given, tool_choice: choice, parallel_tool_calls: parallel } = values;
  const list = listOf(given);
  checkHasTools(list, choice);
  if (list === undefined) return { mode: 'none' };
  const tools = list.map((tool, i) => readTool(tool, `tools[${i}]`));
  return toolUseOf({ tools, choice: readChoice(choice), mayCallSeveral: parallel !== false }, constraints);
}

function readTool(tool: unknown, at: string): Tool {
  const { type, name, description, parameters, strict } = isObject(tool) ? tool : {};
  if (type !== 'function') {
    const message = `${at}.type ${shownValue(type)} is not supported: the server runs no tools, expected "function"`;
    throw new BadRequest(`${at}.type`, message);
  }
  const places = { name: `${at}.name`, parameters: `${at}.parameters`, strict: `${at}.strict` };
  const said = { name, ...(typeof description === 'string' ? { description } : {}), parameters };
  return createTool({ name, parameters, strict }, places, { type, function: said });
}

function readChoice(choice: unknown): ToolChoice {
  if (choice === undefined || choice === 'auto') return 'auto';
  if (choice === 'none' || choice === 'required') return choice;
  const { type, name } = isObject(choice) ? choice : {};
  if (type === 'function' && typeof name === 'string') return { name };
  const expected = '"none", "auto", "required" or {"type": "function", "name": "…"}';
  throw new BadRequest('tool_choice', `tool_choice ${shownValue(choice)}, expected ${expected}`);
}
