// The filter `tojson` as transformers defines it: Python's `json.dumps`, which neither escapes HTML nor sorts keys.

import { asNumber, compare } from './compare.js';
import { fault } from './errors.js';
import { checkNesting, make, scan, step } from './meter.js';
import { MAX_WIDTH } from './number-format.js';
import { bigIntText, floatText } from './python-repr.js';
import { Text } from './text.js';
import { Dict, Float, isTrue, List, Tuple, typeName, type Value } from './values.js';

export interface JsonForm {
  readonly ensureAscii: boolean;
  /** The indentation of a level; null for one line. */
  readonly indent: string | null;
  readonly itemSeparator: string;
  readonly keySeparator: string;
  readonly sortKeys: boolean;
}

/** Reads the arguments of `json.dumps`. */
export function jsonForm(ensureAscii: Value, indent: Value, separators: Value, sortKeys: Value): JsonForm {
  const indentation = indentOf(indent);
  const [itemSeparator, keySeparator] = separatorsOf(separators) ?? [indentation === null ? ', ' : ',', ': '];
  return {
    ensureAscii: isTrue(ensureAscii),
    indent: indentation,
    itemSeparator,
    keySeparator,
    sortKeys: isTrue(sortKeys),
  };
}

function indentOf(indent: Value): string | null {
  if (indent === null) return null;
  if (indent instanceof Text) return indent.text;
  const width = indent instanceof Float ? null : asNumber(indent);
  if (width === null) return fault('TypeError', `can't multiply sequence by non-int of type '${typeName(indent)}'`);
  if (width > MAX_WIDTH) return fault('Limit', `it indents JSON by ${width}, expected at most ${MAX_WIDTH}`);
  return ' '.repeat(Math.max(0, Number(width)));
}

function separatorsOf(separators: Value): [string, string] | null {
  if (separators === null) return null;
  const items = separators instanceof Tuple || separators instanceof List ? separators.items : [];
  const [item, key] = items;
  if (items.length !== 2 || !(item instanceof Text && key instanceof Text)) {
    return fault('TypeError', 'separators are two strings');
  }
  return [item.text, key.text];
}

/** Python's `json.dumps(value)`. */
export function toJson(value: Value, form: JsonForm): string {
  return write(value, form, 0);
}

function write(value: Value, form: JsonForm, level: number): string {
  checkNesting(level);
  step();
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return bigIntText(value);
  if (value instanceof Float) return jsonFloat(value.value);
  if (value instanceof Text) return jsonText(value.text, form.ensureAscii);
  if (value instanceof List || value instanceof Tuple) {
    return wrap(
      '[',
      value.items.map((item) => write(item, form, level + 1)),
      ']',
      form,
      level,
    );
  }
  if (value instanceof Dict) {
    const entries = [...value.entries.values()];
    if (form.sortKeys) entries.sort(([a], [b]) => compare(a, b));
    const written = entries.map(
      ([key, item]) => jsonText(keyText(key), form.ensureAscii) + form.keySeparator + write(item, form, level + 1),
    );
    return wrap('{', written, '}', form, level);
  }
  return fault('TypeError', `Object of type ${typeName(value)} is not JSON serializable`);
}

function wrap(open: string, items: readonly string[], close: string, form: JsonForm, level: number): string {
  if (items.length === 0) return open + close;
  const { indent, itemSeparator } = form;
  const breaks = indent === null ? 0 : (1 + indent.length * (level + 1)) * (items.length + 1);
  make(items.reduce((sum, { length }) => sum + length, 0) + itemSeparator.length * items.length + breaks);
  if (indent === null) return open + items.join(itemSeparator) + close;
  const newline = `\n${indent.repeat(level + 1)}`;
  return `${open}${newline}${items.join(itemSeparator + newline)}\n${indent.repeat(level)}${close}`;
}

function keyText(key: Value): string {
  if (key instanceof Text) return key.text;
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  if (typeof key === 'number') return String(key);
  if (typeof key === 'bigint') return bigIntText(key);
  if (key instanceof Float) return jsonFloat(key.value);
  return fault('TypeError', `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatText(value);
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

function jsonText(text: string, ensureAscii: boolean): string {
  scan(text.length);
  const escaped = text.replace(
    ensureAscii ? /["\\]|[^ -~]/g : /["\\\x00-\x1f]/g,
    (unit) => SHORT[unit] ?? unicode(unit),
  );
  make(escaped.length);
  return `"${escaped}"`;
}

function unicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
