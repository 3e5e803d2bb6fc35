// Checks what a caller gives a template, and copies it: strings, numbers, booleans, null, arrays and objects of them.

import { ToolkitError } from '@llama-ts/base';
import { refuseLoneSurrogates } from '../tokenizer/lone-surrogate.js';

/** A tool's JSON schema is a dozen deep at most. */
const MAX_DEPTH = 100;

/**
 * A deep copy, so that nothing changes between the check and the use. Fields that are undefined are left out.
 *
 * @param path names the value in messages, such as `messages[0].content`
 * @throws ToolkitError LONE_SURROGATE, BAD_CHAT_INPUT
 */
export function toPlainData(value: unknown, path: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw badInput(path, `nested more than ${MAX_DEPTH} deep`);
  if (typeof value === 'string') return checkText(value, path);
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value;
  if (Array.isArray(value)) return Array.from(value, (item, i) => toPlainData(item, `${path}[${i}]`, depth + 1));
  // Dates, maps and similar objects have no entries of their own: a template would see them as empty.
  if (Object.prototype.toString.call(value) === '[object Object]') {
    const entries = Object.entries(value as object).filter(([, field]) => field !== undefined);
    return Object.fromEntries(
      entries.map(([key, field]) => [
        checkText(key, `a key of ${path}`),
        toPlainData(field, `${path}.${key}`, depth + 1),
      ]),
    );
  }
  throw badInput(path, typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value);
}

function checkText(text: string, path: string): string {
  refuseLoneSurrogates(text, path);
  return text;
}

function badInput(path: string, found: string): ToolkitError {
  return new ToolkitError('BAD_CHAT_INPUT', `${path}: ${found}, expected plain data as JSON has it`, {
    suggestions: ['convert it first: JSON.parse(JSON.stringify(value))'],
  });
}
