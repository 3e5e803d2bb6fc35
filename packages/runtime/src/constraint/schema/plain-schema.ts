// A copy of a schema as plain JSON, after its size and depth are checked.

import { ToolkitError } from '@llama-ts/base';
import { badSchema, type JsonSchema } from './keywords.js';

/** Walks call themselves for each level. */
const MAX_DEPTH = 250;
/** Most values in a schema, each occurrence counted. */
const MAX_VALUES = 500_000;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws ToolkitError `BAD_SCHEMA`, `LIMIT_EXCEEDED` */
export function plainSchema(value: unknown): JsonSchema {
  const plain = copy(value);
  if (typeof plain === 'boolean' || (typeof plain === 'object' && plain !== null && !Array.isArray(plain))) {
    return plain as JsonSchema;
  }
  const found = value === undefined ? 'undefined' : JSON.stringify(plain);
  throw badSchema(`${found.length <= 60 ? found : `${found.slice(0, 57)}…`}, expected an object, true or false`);
}

function copy(root: unknown): unknown {
  let nValues = 0;
  const open = new Set<object>();
  return visit(root, '#', 0) ?? null;

  function visit(value: unknown, pointer: string, depth: number): unknown {
    if (++nValues > MAX_VALUES) throw limit(`more than ${MAX_VALUES} values`, 'take parts that repeat into $defs');
    if (typeof value === 'string') return checkText(value, pointer);
    if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') {
      throw badSchema(`${pointer}: a ${typeof value}, expected what JSON can say`);
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw badSchema(`${pointer}: ${value}, expected what JSON can say`);
    }
    if (typeof value !== 'object' || value === null) return value;
    if (open.has(value)) throw badSchema(`${pointer}: holds itself, expected what JSON can say`);
    if (depth === MAX_DEPTH) {
      throw limit(`more than ${MAX_DEPTH} levels within each other`, 'take inner levels into $defs, and refer to them');
    }
    open.add(value);
    const copied = Array.isArray(value)
      ? value.map((item, i) => visit(item, `${pointer}/${i}`, depth + 1) ?? null)
      : copyMembers(value, pointer, depth);
    open.delete(value);
    return copied;
  }

  function copyMembers(value: object, pointer: string, depth: number): object {
    const copied: Record<string, unknown> = Object.create(null);
    for (const [name, member] of Object.entries(value)) {
      checkText(name, pointer);
      const plain = visit(member, `${pointer}/${escapeSegment(name)}`, depth + 1);
      if (plain !== undefined) copied[name] = plain;
    }
    return copied;
  }
}

/** @see RFC 6901 */
export function escapeSegment(segment: string): string {
  return segment.replaceAll('%', '%25').replaceAll('~', '~0').replaceAll('/', '~1');
}

function checkText(text: string, pointer: string): string {
  if (!LONE_SURROGATE.test(text)) return text;
  throw badSchema(
    `${pointer}: ${JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}…`)} has a lone surrogate, which no text in UTF-8 holds`,
    'write both halves of the character, as in "\\ud83d\\ude00"',
  );
}

function limit(problem: string, suggestion: string): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `schema: ${problem}, expected fewer`, {
    suggestions: [suggestion],
  });
}
