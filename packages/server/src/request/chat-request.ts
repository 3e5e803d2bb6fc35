// A request for a chat completion: its fields, and what they say.

import { isObject, type JsonObject } from '@llama-ts/base';
import {
  type AnswerOptions,
  answerFields,
  BadRequest,
  booleanKind,
  type ChatMessage,
  shownValue,
} from '@llama-ts/runtime';
import { answerOptionFields, readAnswerOptions, readIncludeUsage } from './answer-options.js';
import type { ConstraintCache } from './constraint-cache.js';
import { checkFields, type FieldTable } from './field-table.js';
import { checkStop, constraintOf, type Form } from './form.js';
import { aList, anObject, completionFields, either, harmlessFields, oneOfTexts } from './kinds.js';
import { readMessages } from './messages.js';
import { readToolUse, type ToolUse } from './tools.js';

/** What to render, with which template variables. */
export interface TemplateInput {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly JsonObject[] | undefined;
  /** The day that the template names; undefined for the server's. */
  readonly dateString: string | undefined;
  readonly variables: JsonObject;
}

/** A request for a chat completion. */
export interface ChatRequest {
  readonly model: string | undefined;
  readonly conversation: TemplateInput;
  readonly toolUse: ToolUse;
  readonly options: AnswerOptions;
  readonly n: number;
  readonly isStream: boolean;
  readonly includeUsage: boolean;
}

/** Fields that a conversation is made of. */
export const conversationFields = {
  messages: { kind: aList, description: 'give the conversation: system, user, assistant and tool messages of text' },
  tools: { kind: aList, description: 'name functions that the answer may call' },
  chat_template_kwargs: {
    kind: anObject,
    description: 'set variables of the chat template; date_string is the day it names, such as "26 Jul 2024"',
  },
} as const;

/** Fields of a chat completion. */
export const chatTable: FieldTable = {
  required: ['messages'],
  fields: {
    ...completionFields,
    ...conversationFields,
    ...answerOptionFields,
    logprobs: { kind: booleanKind, description: 'report the log-probability of each token' },
    top_logprobs: answerFields.logprobs,
    response_format: {
      kind: anObject,
      description:
        'hold the answer to a form: {"type": "text"}, "json_object", or "json_schema" with json_schema.schema',
    },
    tool_choice: {
      kind: either(oneOfTexts('none', 'auto', 'required'), anObject),
      description: 'say whether functions are called: "none", "auto", "required", or a function by name',
    },
    parallel_tool_calls: { kind: booleanKind, description: 'allow several calls in an answer' },
  },
  ignored: harmlessFields,
  refused: {
    store: { remedy: 'nothing is stored', harmless: [false] },
    modalities: { remedy: 'answers are text', harmless: [['text']] },
    audio: { remedy: 'answers are text' },
    functions: { remedy: 'use tools' },
    function_call: { remedy: 'use tool_choice' },
    grammar: { remedy: 'use response_format with a JSON schema' },
    reasoning_effort: { remedy: 'the model has no separate reasoning' },
    web_search_options: { remedy: 'nothing is searched' },
    prediction: { remedy: 'leave it out' },
    verbosity: { remedy: 'leave it out' },
  },
};

/** @throws BadRequest */
export async function readChatRequest(body: JsonObject, constraints: ConstraintCache): Promise<ChatRequest> {
  const values = checkFields(body, chatTable);
  const toolUse = await readToolUse(values, constraints);
  const constraint = await constraintOf(readForm(values), toolUse, constraints);
  const { logprobs: wantsLogprobs, ...others } = values;
  const { logprobs = 0, ...options } = readAnswerOptions(others);
  if (others.top_logprobs !== undefined && wantsLogprobs !== true) {
    throw new BadRequest('top_logprobs', 'top_logprobs without logprobs, expected "logprobs": true');
  }
  checkStop(options.stop, constraint, 'stop');
  return {
    model: values.model as string | undefined,
    conversation: readConversation(values, toolUse),
    toolUse,
    options: { ...options, constraint, ...(wantsLogprobs === true ? { logprobs } : {}) },
    n: (values.n as number | undefined) ?? 1,
    isStream: values.stream === true,
    includeUsage: readIncludeUsage(values),
  };
}

/** @param values checked against {@link conversationFields} */
export function readConversation(values: JsonObject, toolUse: ToolUse): TemplateInput {
  return {
    messages: readMessages(values.messages as readonly unknown[]),
    tools: toolUse.mode === 'none' ? undefined : toolUse.tools.map(({ source }) => source),
    ...readVariables(values),
  };
}

/** What `chat_template_kwargs` says. @throws BadRequest */
export function readVariables(values: JsonObject): Pick<TemplateInput, 'dateString' | 'variables'> {
  const { date_string: dateString, ...variables } = (values.chat_template_kwargs ?? {}) as JsonObject;
  if (dateString !== undefined && typeof dateString !== 'string') {
    const at = 'chat_template_kwargs.date_string';
    throw new BadRequest(at, `${at} ${shownValue(dateString)}, expected a text such as "26 Jul 2024"`);
  }
  return { dateString, variables };
}

/** The form that `response_format` asks for; null for text. @throws BadRequest */
function readForm({ response_format: format }: JsonObject): Form | null {
  const { type = 'text', json_schema: named } = (format ?? {}) as JsonObject;
  if (type === 'text') return null;
  if (type === 'json_object') return { schema: { type: 'object' }, at: 'response_format' };
  if (type !== 'json_schema') {
    const expected = '"text", "json_object" or "json_schema"';
    throw new BadRequest('response_format', `response_format.type ${shownValue(type)}, expected ${expected}`);
  }
  if (isObject(named) && isObject(named.schema)) return { schema: named.schema, at: 'response_format' };
  throw new BadRequest(
    'response_format',
    `response_format.json_schema ${shownValue(named)}, expected {"name": "…", "schema": {…}}`,
  );
}
