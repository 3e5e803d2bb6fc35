// Plain data as the values of a template.

import { Text } from './jinja/text.js';
import { Dict, Float, List, type Value } from './jinja/values.js';

/**
 * Roles that every template knows. They belong to the format, not to the user, so a template may build a control token
 * from one: `'<|' + message.role + '|>'`.
 */
const ROLES = new Map(
  ['system', 'user', 'assistant', 'tool', 'ipython', 'developer', 'function'].map((role) => [
    role,
    Text.template(role),
  ]),
);
/** JSON writes larger whole numbers with an exponent, as Python reads a float. */
const INT_END = 1e21;

/** Plain data that was checked, in the form templates compute with. */
export function toValue(data: unknown): Value {
  if (typeof data === 'string') return Text.data(data);
  if (data === null || typeof data === 'boolean') return data;
  if (typeof data === 'number') return numberValue(data);
  if (Array.isArray(data)) return new List(data.map(toValue));
  return new Dict(Object.entries(data as object).map(([key, field]) => [Text.data(key), toValue(field)]));
}

/** Messages; known roles count as the template's own text. */
export function toMessages(messages: unknown): Value {
  if (!Array.isArray(messages)) return toValue(messages);
  return new List(messages.map(toMessage));
}

function toMessage(message: unknown): Value {
  const value = toValue(message);
  const role = value instanceof Dict ? value.entries.get('role')?.[1] : undefined;
  const known = role instanceof Text ? ROLES.get(role.text) : undefined;
  if (known !== undefined) (value as Dict).set(Text.template('role'), known);
  return value;
}

function numberValue(number: number): Value {
  if (!Number.isInteger(number) || Math.abs(number) >= INT_END) return new Float(number);
  // Adding 0 makes 0 of −0, as JSON does.
  return Number.isSafeInteger(number) ? number + 0 : BigInt(number);
}

/** Characters of plain data: how large a conversation is. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  if (Array.isArray(data)) return data.reduce<number>((sum, item) => sum + sizeOf(item), ITEM_SIZE * data.length);
  if (typeof data !== 'object' || data === null) return 1;
  return Object.entries(data).reduce((sum, [key, field]) => sum + ITEM_SIZE + key.length + sizeOf(field), 0);
}

/** Memory of an item of a list or an entry of an object besides its text. */
const ITEM_SIZE = 16;
