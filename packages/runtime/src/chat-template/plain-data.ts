// Checks what a caller gives a template, and copies it: strings, numbers, booleans, null, arrays and objects of them.

import { ToolkitError } from '@llama-ts/format';
import { refuseLoneSurrogates } from '../tokenizer/lone-surrogate.js';
import { markPosition } from './marks.js';

/** A tool's JSON schema is a dozen deep at most. */
const MAX_DEPTH = 100;

/**
 * A deep copy, so that nothing changes between the check and the use. Fields that are undefined are left out.
 *
 * @param path names the value in messages, such as `messages[0].content`
 * @throws ToolkitError RESERVED_CHARACTER, LONE_SURROGATE, BAD_CHAT_INPUT
 */
export function toPlainData(value: unknown, path: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw badInput(path, `nested more than ${MAX_DEPTH} deep`);
  if (typeof value === 'string') return checkText(value, path);
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value;
  if (Array.isArray(value)) return Array.from(value, (item, i) => toPlainData(item, `${path}[${i}]`, depth + 1));
  // Dates, maps and the like have no entries of their own: a template would see them empty.
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
  const position = markPosition(text);
  if (position >= 0) {
    const code = text.charCodeAt(position).toString(16).toUpperCase();
    throw new ToolkitError(
      'RESERVED_CHARACTER',
      `${path}: U+${code} at position ${position} is reserved, expected other text`,
      {
        suggestions: ["Remove it first: text.replace(/[\\ufdd0\\ufdd1]/g, '')"],
      },
    );
  }
  refuseLoneSurrogates(text, path);
  return text;
}

function badInput(path: string, found: string): ToolkitError {
  return new ToolkitError('BAD_CHAT_INPUT', `${path}: ${found}, expected plain data as JSON has it`, {
    suggestions: ['Convert it first: JSON.parse(JSON.stringify(value))'],
  });
}
