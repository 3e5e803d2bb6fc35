// Conversations as a file: what export writes, import reads, wherever it came from.

import type { Conversation } from './conversation.js';
import type { AnswerFacts, AnswerState, Message, Token, TokenCandidate, ToolCall } from './message.js';
import { defaultSettings, numberSettings, type Settings } from './settings.js';

/** A conversation with its messages. */
export interface WholeConversation extends Conversation {
  readonly messages: readonly Message[];
}

const FORMAT = 'llama-ts conversations';
const VERSION = 1;

export function writeTransfer(conversations: readonly WholeConversation[]): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, conversations }, null, 1)}\n`;
}

/** @throws Error that says what is wrong with the file, for the user */
export function readTransfer(text: string): WholeConversation[] {
  const { format, version, conversations } = object(parse(text), 'the file');
  if (format !== FORMAT) throw new Error(`The file is no export of conversations.`);
  if (version !== VERSION) throw new Error(`The file has version ${String(version)}, expected ${VERSION}.`);
  return list(conversations, 'conversations').map(readConversation);
}

function readConversation(value: unknown, i: number): WholeConversation {
  const at = `conversations[${i}]`;
  const found = object(value, at);
  const messages = list(found.messages, `${at}.messages`).map((message, k) =>
    readMessage(message, `${at}.messages[${k}]`),
  );
  checkTree(messages, `${at}.messages`);
  const chosen = Object.entries(object(found.chosen, `${at}.chosen`));
  return {
    id: text(found.id, `${at}.id`),
    title: text(found.title, `${at}.title`),
    createdAt: number(found.createdAt, `${at}.createdAt`),
    updatedAt: number(found.updatedAt, `${at}.updatedAt`),
    settings: readSettings(found.settings, `${at}.settings`),
    chosen: Object.fromEntries(chosen.map(([parent, id]) => [parent, text(id, `${at}.chosen`)])),
    messages,
  };
}

function readSettings(value: unknown, at: string): Settings {
  const found = object(value, at);
  const numbers = object(found.numbers, `${at}.numbers`);
  const known = numberSettings.filter(({ name }) => numbers[name] !== undefined);
  return {
    ...defaultSettings,
    numbers: Object.fromEntries(known.map(({ name }) => [name, number(numbers[name], `${at}.numbers.${name}`)])),
    system: text(found.system, `${at}.system`),
    seed: text(found.seed, `${at}.seed`),
    stop: text(found.stop, `${at}.stop`),
    date: text(found.date, `${at}.date`),
    schema: text(found.schema, `${at}.schema`),
    tools: text(found.tools, `${at}.tools`),
    toolChoice: text(found.toolChoice, `${at}.toolChoice`),
    hasProbabilities: found.hasProbabilities === true,
  };
}

function readMessage(value: unknown, at: string): Message {
  const found = object(value, at);
  const placed = {
    id: text(found.id, `${at}.id`),
    parent: found.parent === null ? null : text(found.parent, `${at}.parent`),
    order: number(found.order, `${at}.order`),
    createdAt: number(found.createdAt, `${at}.createdAt`),
    content: text(found.content, `${at}.content`),
  };
  switch (found.role) {
    case 'user':
      return { ...placed, role: 'user' };
    case 'tool':
      return {
        ...placed,
        role: 'tool',
        callId: text(found.callId, `${at}.callId`),
        name: text(found.name, `${at}.name`),
      };
    case 'assistant':
      return {
        ...placed,
        role: 'assistant',
        toolCalls: list(found.toolCalls, `${at}.toolCalls`).map((call, i) => readCall(call, `${at}.toolCalls[${i}]`)),
        state: readState(found.state, `${at}.state`),
        error: found.error === null ? null : text(found.error, `${at}.error`),
        facts: found.facts === null ? null : readFacts(found.facts, `${at}.facts`),
        tokens: list(found.tokens, `${at}.tokens`).map((token, i) => readToken(token, `${at}.tokens[${i}]`)),
      };
    default:
      throw wrong(`${at}.role`, 'user, assistant or tool');
  }
}

function readState(value: unknown, at: string): AnswerState {
  const states: readonly AnswerState[] = ['done', 'stopped', 'failed', 'interrupted'];
  // One that was still coming when it was exported does not come any more.
  if (value === 'answering') return 'interrupted';
  const state = states.find((one) => one === value);
  if (state === undefined) throw wrong(at, states.join(', '));
  return state;
}

function readCall(value: unknown, at: string): ToolCall {
  const { id, name, arguments: given } = object(value, at);
  return { id: text(id, `${at}.id`), name: text(name, `${at}.name`), arguments: text(given, `${at}.arguments`) };
}

function readFacts(value: unknown, at: string): AnswerFacts {
  const found = object(value, at);
  const figure = (name: keyof AnswerFacts): number => number(found[name], `${at}.${name}`);
  const orNull = (name: keyof AnswerFacts): number | null => (found[name] === null ? null : figure(name));
  return {
    model: text(found.model, `${at}.model`),
    seed: text(found.seed, `${at}.seed`),
    fingerprint: text(found.fingerprint, `${at}.fingerprint`),
    // Earlier files have neither.
    modelSha256: found.modelSha256 === undefined ? '' : text(found.modelSha256, `${at}.modelSha256`),
    digest: (found.digest ?? null) === null ? null : text(found.digest, `${at}.digest`),
    finishReason: found.finishReason === null ? null : text(found.finishReason, `${at}.finishReason`),
    promptTokens: figure('promptTokens'),
    cachedTokens: figure('cachedTokens'),
    answerTokens: figure('answerTokens'),
    contextLength: figure('contextLength'),
    tokensPerSecond: orNull('tokensPerSecond'),
    firstTokenMs: orNull('firstTokenMs'),
  };
}

function readToken(value: unknown, at: string): Token {
  const top = list(object(value, at).top, `${at}.top`).map((one, i) => readCandidate(one, `${at}.top[${i}]`));
  return { ...readCandidate(value, at), top };
}

function readCandidate(value: unknown, at: string): TokenCandidate {
  const found = object(value, at);
  return {
    text: text(found.text, `${at}.text`),
    logprob: number(found.logprob, `${at}.logprob`),
    bytes: found.bytes === null ? null : list(found.bytes, `${at}.bytes`).map((byte) => number(byte, `${at}.bytes`)),
  };
}

/** Every message follows one that comes before it in the file's order of numbers: a tree without circles. */
function checkTree(messages: readonly Message[], at: string): void {
  const orders = new Map(messages.map(({ id, order }) => [id, order]));
  if (orders.size < messages.length) throw wrong(at, 'ids that differ');
  for (const [i, { parent, order }] of messages.entries()) {
    const before = parent === null ? -Infinity : orders.get(parent);
    if (before === undefined || before >= order) throw wrong(`${at}[${i}].parent`, 'a message before it');
  }
}

function parse(file: string): unknown {
  try {
    return JSON.parse(file);
  } catch (cause) {
    throw new Error(`The file is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function object(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object');
  return value as Record<string, unknown>;
}

function list(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw wrong(at, 'a list');
  return value;
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string') throw wrong(at, 'a text');
  return value;
}

function number(value: unknown, at: string): number {
  if (typeof value !== 'number') throw wrong(at, 'a number');
  return value;
}

function wrong(at: string, expected: string): Error {
  return new Error(`The file is damaged at ${at}: expected ${expected}.`);
}
