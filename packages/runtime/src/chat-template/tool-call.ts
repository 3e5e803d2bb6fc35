// A tool call in an answer: the JSON that Llama 3's template asks the model for.

/** A tool call in the form templates read it: as the one item of a message's `tool_calls`. */
export interface ToolCall {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  };
}

/**
 * The tool call that an answer is: `{"name": …, "parameters": {…}}` and nothing else; null when the model just talks.
 * Whether there is such a tool, and whether the arguments fit it, is for the caller to judge.
 *
 * @param answer the whole text
 * @see https://huggingface.co/meta-llama/Llama-3.2-1B-Instruct, chat_template
 * @example
 * const call = parseToolCall(text);
 * if (call !== null) await answer(chat.send({ role: 'tool', content: await run(call.function) }));
 */
export function parseToolCall(answer: string): ToolCall | null {
  const { name, parameters, ...others } = parseObject(answer) ?? {};
  if (typeof name !== 'string' || name === '' || !isObject(parameters)) return null;
  if (Object.keys(others).length > 0) return null;
  return { type: 'function', function: { name, arguments: parameters } };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
