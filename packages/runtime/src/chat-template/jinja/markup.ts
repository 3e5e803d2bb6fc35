// HTML in templates: what `escape` and `safe` make, as markupsafe does.

import { scan } from './meter.js';
import { str } from './python-repr.js';
import { Text } from './text.js';
import type { Value } from './values.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

/** markupsafe's `escape`: HTML as it is, other text with its signs replaced. */
export function escapeMarkup(value: Value): Text {
  return value instanceof Text && value.isMarkup ? value : forceEscape(str(value));
}

export function forceEscape(text: Text): Text {
  const { text: source } = text;
  scan(source.length);
  if (!/[&<>'"]/.test(source)) return text.as('Markup');
  return Text.data(source.replace(/[&<>'"]/g, (sign) => ENTITIES[sign]!)).as('Markup');
}
