// Turns the text of an answer, as it comes, into what a message says: content, or tool calls.

import { parseToolCalls, type ToolCall } from '@llama-ts/runtime';

/** A change of a message, as a stream says it. */
export interface Delta {
  readonly role?: 'assistant';
  readonly content?: string;
  readonly tool_calls?: readonly ToolCallDelta[];
}

/** A tool call, or the next piece of its arguments. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: 'function';
  readonly function: { readonly name?: string; readonly arguments: string };
}

/** Reads one answer. */
export interface Speaker {
  /** Whether the answer so far has a tool call. */
  readonly hasCalls: boolean;
  /** @param tag whether the token before this text was the tag that Llama 3.1 puts before a call */
  push(text: string, tag?: boolean): readonly Delta[];
  /** @param isWhole whether no limit cut the answer off */
  end(isWhole: boolean): readonly Delta[];
}

/** What a speaker of calls needs. */
export interface CallOptions {
  /** A new id for a call. */
  readonly createId: () => string;
  /** Whether there is such a tool, and its arguments are what it takes. */
  readonly accepts: (call: ToolCall) => boolean;
}

/** The name of the token before a call. */
export const PYTHON_TAG = '<|python_tag|>';

/** An answer that is all text. */
export function createTextSpeaker(): Speaker {
  return { hasCalls: false, push: contentOf, end: () => [] };
}

/**
 * An answer that may be calls: text comes out as it comes. What begins like a call waits until it no longer does, or for the
 * end of the answer, which decides.
 */
export function createFreeSpeaker({ createId, accepts }: CallOptions): Speaker {
  let held: string | null = '';
  let isTagged = false;
  let hasCalls = false;
  return {
    get hasCalls() {
      return hasCalls;
    },
    push(text, tag = false) {
      if (held === null) return contentOf(text);
      isTagged ||= tag && held.trim() === '';
      held += text;
      if (isTagged || mayBecomeCalls(held)) return [];
      const released = held;
      held = null;
      return contentOf(released);
    },
    end() {
      if (held === null) return [];
      const calls = parseToolCalls(isTagged ? `${PYTHON_TAG}${held}` : held);
      if (calls.length === 0 || !calls.every(accepts)) return contentOf(held);
      hasCalls = true;
      return calls.map(({ function: { name, arguments: given } }, index) => ({
        tool_calls: [{ index, id: createId(), type: 'function', function: { name, arguments: JSON.stringify(given) } }],
      }));
    },
  };
}

/** The form that `callSchema` holds an answer to: what follows are the arguments, and a brace. */
const CALL_HEAD = /^\{"name": ?"([^"]*)", ?"parameters": ?/;

/** An answer that a constraint makes one call: its arguments come in pieces. */
export function createForcedSpeaker({ createId }: Pick<CallOptions, 'createId'>): Speaker {
  let head: string | null = '';
  /** The brace at the end so far, which ends the arguments or the call. */
  let brace = '';
  const piece = (text: string): readonly Delta[] =>
    text === '' ? [] : [{ tool_calls: [{ index: 0, function: { arguments: text } }] }];
  /** White space before the arguments is no part of them: clients read every piece as the beginning of JSON. */
  let hasArguments = false;
  const pushArguments = (said: string): readonly Delta[] => {
    const text = hasArguments ? said : said.trimStart();
    if (text === '') return [];
    hasArguments = true;
    const all = brace + text;
    brace = all.endsWith('}') ? '}' : '';
    return piece(all.slice(0, all.length - brace.length));
  };
  return {
    get hasCalls() {
      return head === null;
    },
    push(text) {
      if (head === null) return pushArguments(text);
      head += text;
      const [matched, name] = CALL_HEAD.exec(head) ?? [];
      if (matched === undefined) return [];
      const rest = head.slice(matched.length);
      head = null;
      const call = { index: 0, id: createId(), type: 'function' as const, function: { name: name!, arguments: '' } };
      return [{ tool_calls: [call] }, ...pushArguments(rest)];
    },
    end: (isWhole) => (isWhole ? [] : piece(brace)),
  };
}

function contentOf(text: string): readonly Delta[] {
  return text === '' ? [] : [{ content: text }];
}

/** Beginnings of the forms that `parseToolCalls` reads, up to where they can be distinguished from text. */
function mayBecomeCalls(text: string): boolean {
  const start = text.trimStart();
  if (start === '') return true;
  return (
    /^\{\s*($|"($|[a-z]*$|(name|parameters|arguments|type|function|id)"))/.test(start) ||
    /^\[\s*($|\{|[A-Za-z_][\w.]*($|\())/.test(start) ||
    ['<function=', '<tool_call>', PYTHON_TAG].some((tag) => tag.startsWith(start) || start.startsWith(tag))
  );
}
