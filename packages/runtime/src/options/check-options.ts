// Checks the options of a call by a table: unknown names are refused, and so are values of another kind.
//
// A table holds the kinds and ranges that do not depend on a model. The code that uses an option checks the rest, such as
// ids below the vocabulary size.

import { nearest, ToolkitError } from '@llama-ts/base';

/** The values that an option accepts. */
export interface OptionKind {
  /** Follows "expected" in a message: `a whole number from 0`. */
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** What to write instead of a common mistake. */
  readonly suggestion?: string | undefined;
}

/** The options of a call by their names. */
export type OptionTable = Readonly<Record<string, OptionKind>>;

/** A table with every option of a type. */
export type TableOf<Options> = { readonly [Name in keyof Required<Options>]: OptionKind };

/** Text in a message is cut here. */
const MAX_SHOWN = 60;

/**
 * Refuses options that are not in the table or not of their kind. An option that is undefined counts as left out.
 *
 * @param call names the function in messages, such as `generate`
 * @throws ToolkitError `INVALID_OPTION`
 */
export function checkOptions(call: string, options: unknown, table: OptionTable): void {
  if (!isPlainObject(options)) throw refusal(`options of ${call}: ${describe(options)}, expected an object`);
  for (const name in options) {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) throw unknownOption(call, name, Object.keys(table));
    checkKind(name, options[name], kind);
  }
}

/**
 * Refuses a value that is not of a kind; undefined passes.
 *
 * @throws ToolkitError `INVALID_OPTION`
 */
export function checkKind(name: string, value: unknown, kind: OptionKind): void {
  if (value === undefined || kind.accepts(value)) return;
  throw refusal(`${name} ${describe(value)}, expected ${kind.expected}`, kind.suggestion);
}

/**
 * Refuses anything but an open model, such as the promise of one.
 *
 * @throws ToolkitError `INVALID_OPTION`
 */
export function checkModel(call: string, model: unknown): void {
  if (typeof model === 'object' && model !== null && 'header' in model && 'settings' in model) return;
  throw refusal(`model of ${call}: ${describe(model)}, expected what openModel resolves to`, 'await openModel(path)');
}

/** Any value, as text for a message. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Promise) return 'a promise';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function unknownOption(call: string, name: string, known: readonly string[]): ToolkitError {
  const meant = nearest(name, known);
  return refusal(
    `unknown option ${describe(name)} of ${call}, expected ${meant === null ? `one of ${known.join(', ')}` : `perhaps ${meant}`}`,
    meant === null ? undefined : meant,
  );
}

function refusal(message: string, suggestion?: string): ToolkitError {
  return new ToolkitError('INVALID_OPTION', message, { suggestions: suggestion === undefined ? [] : [suggestion] });
}

/** Whether a value is an object with fields, and neither an array nor a collection or a date. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}
