// Tool calls in an answer, in the forms that Llama 3's models and their fine-tunes write them.
//
//   {"name": "f", "parameters": {…}}         Llama 3.2's template; with "type": "function" or "arguments" as well, several
//                                            in a list, or parted by semicolons, commas or white space
//   [f(a=1, b="x"), g()]                     Llama 3.2's other form: calls of Python
//   <function=f>{…}</function>               Llama 3.1's custom tools
//   <|python_tag|>f.call(a="x")              Llama 3.1's built-in tools; the other forms may follow the tag too
//   <tool_call>{"name": …}</tool_call>       Hermes
//
// An answer is calls from its first character to its last, or it is text.

import { isObject, type JsonObject } from '@llama-ts/base';
import { parsePythonCalls } from './python-calls.js';

/** A tool call in the form templates read it: as an item of a message's `tool_calls`. */
export interface ToolCall {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  };
}

/** The special token that Llama 3.1 and later put before a call. */
export const PYTHON_TAG = '<|python_tag|>';
const END_TOKENS = /(?:<\|eo[mt]_id\|>\s*)+$/;
const FUNCTION_TAG = /^<function=([^<>\s=]+)>$/;
const BUILT_IN = /^([A-Za-z_]\w*)\.call(\(.*\))$/s;

/**
 * The tool calls of an answer; none where it is text. Whether there are such tools, and whether the arguments fit them,
 * is for the caller to judge.
 *
 * @param answer the whole text
 * @see https://github.com/meta-llama/llama-models, models/llama3_2/text_prompt_format.md and llama3_1/prompt_format.md
 * @example
 * for (const { function: { name, arguments: given } } of parseToolCalls(text)) results.push(await run(name, given));
 */
export function parseToolCalls(answer: string): readonly ToolCall[] {
  const whole = answer.trim().replace(END_TOKENS, '').trim();
  const isTagged = whole.startsWith(PYTHON_TAG);
  const text = isTagged ? whole.slice(PYTHON_TAG.length).trim() : whole;
  switch (text[0]) {
    case '{':
      return parseObjects(text) ?? [];
    case '[':
      return parseList(text) ?? parsePythonCalls(text)?.map(callOf) ?? [];
    case '<':
      return parseTagged(text) ?? [];
    default:
      return isTagged ? (parseBuiltIn(text) ?? []) : [];
  }
}

/**
 * The first tool call of an answer, as {@link parseToolCalls} finds it; null where it is text.
 *
 * @param answer the whole text
 * @example
 * const call = parseToolCall(text);
 * if (call !== null) await answer(chat.send({ role: 'tool', content: await run(call.function) }));
 */
export function parseToolCall(answer: string): ToolCall | null {
  return parseToolCalls(answer)[0] ?? null;
}

/** Objects one after the other. */
function parseObjects(text: string): ToolCall[] | null {
  const calls: ToolCall[] = [];
  for (let at = 0; at < text.length; ) {
    const end = endOfObject(text, at);
    const call = end < 0 ? null : readCall(parseJson(text.slice(at, end)));
    if (call === null) return null;
    calls.push(call);
    const separator = /^\s*[;,]?\s*/.exec(text.slice(end, end + MAX_SEPARATOR))![0];
    at = end + separator.length;
  }
  return calls;
}

/** Most white space between two calls. */
const MAX_SEPARATOR = 1000;

/** Index after the object that begins at `start`, or −1 where none does or it does not end. */
function endOfObject(text: string, start: number): number {
  if (text[start] !== '{') return -1;
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const character = text[i];
    if (character === '"') {
      do {
        i = nextQuote(text, i + 1);
        if (i < 0) return -1;
      } while (isEscaped(text, i));
    } else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return i + 1;
  }
  return -1;
}

function nextQuote(text: string, from: number): number {
  return text.indexOf('"', from);
}

function isEscaped(text: string, at: number): boolean {
  let nBackslashes = 0;
  while (text[at - 1 - nBackslashes] === '\\') nBackslashes++;
  return nBackslashes % 2 === 1;
}

/** A list of objects. */
function parseList(text: string): ToolCall[] | null {
  const list = parseJson(text);
  if (!Array.isArray(list)) return null;
  const calls = list.map(readCall);
  return calls.every((call) => call !== null) ? calls : null;
}

/** `<function=f>{…}</function>` and `<tool_call>{…}</tool_call>`, one after the other. */
function parseTagged(text: string): ToolCall[] | null {
  const calls: ToolCall[] = [];
  for (let rest = text; rest !== ''; ) {
    const open = rest.slice(0, rest.indexOf('>') + 1);
    const name = FUNCTION_TAG.exec(open)?.[1];
    if (name === undefined && open !== '<tool_call>') return null;
    const close = name === undefined ? '</tool_call>' : '</function>';
    const end = rest.indexOf(close, open.length);
    if (end < 0) return null;
    const content = parseJson(rest.slice(open.length, end));
    const call = name === undefined ? readCall(content) : isObject(content) ? callOf([name, content]) : null;
    if (call === null) return null;
    calls.push(call);
    rest = rest.slice(end + close.length).replace(/^\s*[;,]?\s*/, '');
  }
  return calls;
}

function parseBuiltIn(text: string): ToolCall[] | null {
  const [, name, args] = BUILT_IN.exec(text) ?? [];
  const calls = name === undefined ? null : parsePythonCalls(`[${name}${args}]`);
  return calls?.length === 1 ? calls.map(callOf) : null;
}

/** The call in an object that has a name, arguments and nothing else; null for other values. */
function readCall(value: unknown): ToolCall | null {
  if (!isObject(value)) return null;
  const { type = 'function', id = '', ...fields } = value;
  if (type !== 'function' || typeof id !== 'string') return null;
  const names = Object.keys(fields);
  if (names.length === 1 && isObject(fields.function))
    return 'type' in fields.function ? null : readCall(fields.function);
  const name = fields.name ?? fields.function;
  const given = fields.parameters ?? fields.arguments;
  const args = typeof given === 'string' ? parseJson(given) : given;
  if (names.length !== 2 || typeof name !== 'string' || name === '' || !isObject(args)) return null;
  return callOf([name, args]);
}

function callOf([name, args]: readonly [name: string, args: JsonObject]): ToolCall {
  return { type: 'function', function: { name, arguments: args } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
