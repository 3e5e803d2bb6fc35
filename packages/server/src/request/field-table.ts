// The fields of an endpoint's requests: each declared once, for validation and for the OpenAPI document.

import { type JsonObject, nearest } from '@llama-ts/base';
import { BadRequest, type FieldKind, shownValue } from '@llama-ts/runtime';

/** A field of a request. */
export interface Field {
  readonly kind: FieldKind;
  /** What it does, beginning with a verb. */
  readonly description: string;
}

/** What an endpoint says of each name. */
export interface FieldTable {
  readonly fields: Readonly<Record<string, Field>>;
  /** Accepted and left alone: they cannot change an answer here. */
  readonly ignored?: readonly string[];
  /** Refused by name, with what to do; some only for certain values. */
  readonly refused?: Readonly<Record<string, Refusal>>;
  readonly required?: readonly string[];
}

/** Why a field of OpenAI's is refused. */
export interface Refusal {
  readonly remedy: string;
  /** Values that ask for nothing. Default none. */
  readonly harmless?: readonly unknown[];
}

/**
 * The fields of a request that are not null, which OpenAI's clients send for what they leave out. Values are as they were
 * sent, and each is of its field's kind.
 *
 * @throws BadRequest for an unknown or missing field, and for a value that is not of its kind
 */
export function checkFields(values: JsonObject, table: FieldTable): JsonObject {
  const { fields, ignored = [], refused = {}, required = [] } = table;
  const given = Object.entries(values).filter(([, value]) => value !== null);
  for (const [name, value] of given) {
    const refusal = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (refusal !== undefined) checkRefused(name, value, refusal);
    else if (Object.hasOwn(fields, name)) checkKind(name, value, fields[name]!.kind);
    else if (!ignored.includes(name)) throw unknownField(name, Object.keys(fields));
  }
  const missing = required.find((name) => values[name] === undefined || values[name] === null);
  if (missing !== undefined)
    throw new BadRequest(missing, `${missing} is missing, expected ${fields[missing]!.kind.expected}`);
  return Object.fromEntries(given.filter(([name]) => Object.hasOwn(fields, name)));
}

/** @throws BadRequest */
export function checkKind(name: string, value: unknown, kind: FieldKind): void {
  if (kind.read(value) === undefined) throw wrongValue(name, value, kind.expected);
}

/** @param at path of the value, such as `messages[0].role` */
export function wrongValue(at: string, value: unknown, expected: string): BadRequest {
  return new BadRequest(at, `${at} ${shownValue(value)}, expected ${expected}`);
}

/**
 * Checks the names of a nested object's fields; fields that are null count as absent.
 *
 * @param harmless accepted and left alone: they cannot change an answer here
 * @param at path of the object, such as `messages[0]`
 * @throws BadRequest for any other name
 */
export function checkNames(value: JsonObject, known: readonly string[], harmless: readonly string[], at: string): void {
  for (const [name, given] of Object.entries(value)) {
    if (given === null || known.includes(name) || harmless.includes(name)) continue;
    throw unknownField(name, known, `${at}.`);
  }
}

/** @param at path of the object that has the field, such as `messages[0].` */
export function unknownField(name: string, known: readonly string[], at = ''): BadRequest {
  const near = nearest(name, known);
  const expected = near === null ? known.join(', ') : near;
  return new BadRequest(`${at}${name}`, `field ${shownValue(`${at}${name}`)} is not known here, expected ${expected}`);
}

function checkRefused(name: string, value: unknown, { remedy, harmless = [] }: Refusal): void {
  if (harmless.some((one) => JSON.stringify(one) === JSON.stringify(value))) return;
  throw new BadRequest(name, `${name} ${shownValue(value)} is not supported: ${remedy}`);
}
