// An answer as a message of Anthropic's API: whole, or as the events of a stream.

import type { GenerateEndEvent } from '@llama-ts/runtime';
import type { ChatAnswer } from '../answer/chat-answer.js';
import type { ChatPart } from '../answer/chat-parts.js';
import type { ToolCallDelta } from '../answer/speaker.js';
import type { UsageBody } from '../answer/tally.js';

/** An event of a stream. */
export interface MessageEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** What a message says of itself before it says anything. */
export interface MessageHead {
  readonly id: string;
  readonly model: string;
  readonly system_fingerprint: string;
  readonly seed: number | string;
}

type Block =
  | { type: 'text'; text: string; citations: null }
  | { type: 'tool_use'; id: string; name: string; input: unknown };

/** The whole message. A call that a limit cut off is text, as its input is no object. */
export async function wholeMessage({ parts, tally }: ChatAnswer, head: MessageHead): Promise<object> {
  const blocks: (Block & { json?: string })[] = [];
  let end = { stop_reason: 'end_turn', stop_sequence: null as string | null };
  for await (const event of messageEvents(parts, tally, head)) {
    const { index, delta } = event as unknown as { index: number; delta: Record<string, string> };
    if (event.type === 'content_block_start') blocks.push({ ...(event.content_block as Block) });
    else if (event.type === 'message_delta') end = event.delta as typeof end;
    else if (event.type === 'content_block_delta') {
      const block = blocks[index]!;
      if (block.type === 'text') block.text += delta.text;
      else block.json = (block.json ?? '') + delta.partial_json;
    }
  }
  return { ...shellOf(head), content: blocks.map(finished), ...end, usage: usageOf(tally.usage) };
}

/** Events from `message_start` to `message_stop`: blocks of text and of calls begin, grow and stop, one after another. */
export async function* messageEvents(
  parts: AsyncIterable<ChatPart>,
  tally: ChatAnswer['tally'],
  head: MessageHead,
): AsyncGenerator<MessageEvent, void, void> {
  let hasBegun = false;
  /** Index of the block that is open; and of what kind it is: text, or the call of this index. */
  let index = -1;
  let open: 'text' | number | null = null;

  function* begin(): Generator<MessageEvent> {
    if (hasBegun) return;
    hasBegun = true;
    // The first part comes after the prompt: its tokens are counted by now.
    const usage = { ...usageOf(tally.usage), output_tokens: 0 };
    yield {
      type: 'message_start',
      message: { ...shellOf(head), content: [], stop_reason: null, stop_sequence: null, usage },
    };
  }
  function* stop(): Generator<MessageEvent> {
    if (open !== null) yield { type: 'content_block_stop', index };
    open = null;
  }
  function* start(kind: 'text' | number, block: Block): Generator<MessageEvent> {
    yield* stop();
    index++;
    open = kind;
    yield { type: 'content_block_start', index, content_block: block };
  }
  function* say(text: string): Generator<MessageEvent> {
    if (open !== 'text') yield* start('text', { type: 'text', text: '', citations: null });
    yield { type: 'content_block_delta', index, delta: { type: 'text_delta', text } };
  }
  function* call({ index: nth, id, function: { name, arguments: given } }: ToolCallDelta): Generator<MessageEvent> {
    if (open !== nth) yield* start(nth, { type: 'tool_use', id: id!, name: name!, input: {} });
    if (given === '') return;
    yield { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: given } };
  }

  let hasCalls = false;
  for await (const { delta, end } of parts) {
    yield* begin();
    if (delta.content) yield* say(delta.content);
    for (const one of delta.tool_calls ?? []) {
      hasCalls = true;
      yield* call(one);
    }
    if (end === null) continue;
    yield* stop();
    yield { type: 'message_delta', delta: endOf(end, hasCalls), usage: usageOf(tally.usage) };
    yield { type: 'message_stop' };
  }
}

function shellOf({ id, model, system_fingerprint, seed }: MessageHead) {
  return { id, type: 'message', role: 'assistant', model, system_fingerprint, seed };
}

function endOf({ reason, stop }: GenerateEndEvent, hasCalls: boolean) {
  const reasons = {
    eos: hasCalls ? 'tool_use' : 'end_turn',
    complete: hasCalls ? 'tool_use' : 'end_turn',
    stop: 'stop_sequence',
    length: 'max_tokens',
    context: 'model_context_window_exceeded',
  };
  return { stop_reason: reasons[reason], stop_sequence: typeof stop === 'string' ? stop : null };
}

/** Cached tokens are counted separately, as in Anthropic's API. */
function usageOf({ prompt_tokens: nPrompt, completion_tokens: nAnswer, prompt_tokens_details: details }: UsageBody) {
  return {
    input_tokens: nPrompt - details.cached_tokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: details.cached_tokens,
    output_tokens: nAnswer,
  };
}

function finished({ json, ...block }: Block & { json?: string }): Block {
  if (block.type === 'text') return block;
  try {
    return { ...block, input: json === undefined ? {} : JSON.parse(json) };
  } catch {
    return { type: 'text', text: `{"name": ${JSON.stringify(block.name)}, "parameters": ${json}`, citations: null };
  }
}
