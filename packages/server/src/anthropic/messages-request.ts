// A request of Anthropic's API: its fields, and the chat that it is a translation of.

import { isObject, type JsonObject } from '@llama-ts/base';
import { BadRequest, shownValue, wholeNumberKind } from '@llama-ts/runtime';
import { answerOptionFields, readAnswerOptions } from '../request/answer-options.js';
import { type ChatRequest, conversationFields, readVariables } from '../request/chat-request.js';
import type { ConstraintCache } from '../request/constraint-cache.js';
import { checkFields, type Field, type FieldTable } from '../request/field-table.js';
import { checkStop, constraintOf, type Form } from '../request/form.js';
import { aList, anObject, anyList, completionFields, either, text } from '../request/kinds.js';
import { readConversation } from './read-conversation.js';
import { readTools } from './read-tools.js';

/** Names that OpenAI has and Anthropic has another for, or none. */
const foreign = ['max_completion_tokens', 'max_tokens', 'stop', 'top_logprobs', 'n_probs', 'n_predict'];

const promptFields: Readonly<Record<string, Field>> = {
  model: completionFields.model!,
  messages: { kind: aList, description: 'give the conversation: messages of user and assistant, of text and of tools' },
  system: { kind: either(text, aList), description: 'tell the model who it is: a text, or blocks of text' },
  tools: { kind: anyList, description: 'name tools that the answer may call: name, description, input_schema, strict' },
  tool_choice: {
    kind: anObject,
    description: 'say whether tools are called: {"type": "auto"}, "any", "none", or "tool" with its name',
  },
  output_config: {
    kind: anObject,
    description: 'hold the answer to a schema: {"format": {"type": "json_schema", "schema": {…}}}',
  },
  chat_template_kwargs: conversationFields.chat_template_kwargs,
};

const harmless = ['metadata', 'service_tier', 'cache_control', 'inference_geo', 'user_profile_id', 'workspace_id'];
const refused: FieldTable['refused'] = {
  thinking: { remedy: 'the model has no separate reasoning', harmless: [{ type: 'disabled' }] },
  container: { remedy: 'the server runs no tools' },
  mcp_servers: { remedy: 'the server runs no tools', harmless: [[]] },
  context_management: { remedy: 'nothing is taken out of a conversation' },
  diagnostics: { remedy: 'leave it out' },
  speed: { remedy: 'leave it out', harmless: ['standard'] },
};

/** Fields of a message. */
export const messagesTable: FieldTable = {
  required: ['messages', 'max_tokens'],
  fields: {
    ...promptFields,
    ...Object.fromEntries(Object.entries(answerOptionFields).filter(([name]) => !foreign.includes(name))),
    max_tokens: {
      kind: wholeNumberKind(1),
      description: 'make N new tokens at most, and no more than the context holds',
    },
    stop_sequences: { kind: anyList, description: 'end the answer before any of these texts' },
    stream: completionFields.stream!,
  },
  ignored: harmless,
  refused,
};

/** Fields of a request that counts tokens. */
export const countTokensTable: FieldTable = {
  required: ['messages'],
  fields: promptFields,
  ignored: harmless,
  refused,
};

/** @throws BadRequest */
export async function readMessagesRequest(body: JsonObject, constraints: ConstraintCache): Promise<ChatRequest> {
  const values = checkFields(body, messagesTable);
  const prompt = await readPrompt(values, constraints);
  const constraint = await constraintOf(readForm(values), prompt.toolUse, constraints);
  const { stop_sequences: sequences, max_tokens: maxTokens } = values;
  const stop = readSequences(sequences);
  checkStop(stop, constraint, 'stop_sequences');
  return {
    ...prompt,
    options: { ...readAnswerOptions(values), maxTokens: maxTokens as number, stop, constraint },
    n: 1,
    isStream: values.stream === true,
    includeUsage: true,
  };
}

/** @throws BadRequest */
export async function readCountRequest(
  body: JsonObject,
  constraints: ConstraintCache,
): Promise<Pick<ChatRequest, 'model' | 'conversation'>> {
  return readPrompt(checkFields(body, countTokensTable), constraints);
}

async function readPrompt(
  values: JsonObject,
  constraints: ConstraintCache,
): Promise<Pick<ChatRequest, 'model' | 'conversation' | 'toolUse'>> {
  const toolUse = await readTools(values, constraints);
  return {
    model: values.model as string | undefined,
    conversation: {
      messages: readConversation(values.messages as readonly unknown[], values.system),
      tools: toolUse.mode === 'none' ? undefined : toolUse.tools.map(({ source }) => source),
      ...readVariables(values),
    },
    toolUse,
  };
}

function readForm({ output_config: config }: JsonObject): Form | null {
  const { format, effort, ...others } = (config ?? {}) as JsonObject;
  const [other] = [...Object.keys(others), ...((effort ?? null) === null ? [] : ['effort'])];
  if (other !== undefined) {
    const at = `output_config.${other}`;
    throw new BadRequest(at, `${at} ${shownValue({ effort, ...others }[other])} is not supported: leave it out`);
  }
  if ((format ?? null) === null) return null;
  const { type, schema } = isObject(format) ? format : {};
  if (type === 'json_schema' && isObject(schema)) return { schema, at: 'output_config.format.schema' };
  const expected = '{"type": "json_schema", "schema": {…}}';
  throw new BadRequest('output_config.format', `output_config.format ${shownValue(format)}, expected ${expected}`);
}

function readSequences(sequences: unknown): readonly string[] | undefined {
  const list = (sequences ?? []) as readonly unknown[];
  if (list.length === 0) return undefined;
  const at = list.findIndex((one) => typeof one !== 'string' || one === '');
  if (at < 0) return list as readonly string[];
  const field = `stop_sequences[${at}]`;
  throw new BadRequest(field, `${field} ${shownValue(list[at])}, expected a text that is not empty`);
}
