// Whether a value meets a schema. Each value of enum and const is tested.

import { isObject, ToolkitError } from '@llama-ts/base';
import { acceptsText } from '../automaton/algebra.js';
import type { WorkBudget } from '../work.js';
import { child, children, sortedText } from './conjunction.js';
import { isMultipleOf } from './decimals.js';
import { jsonTypes, type SchemaObject, unsupported } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';
import type { TextPatterns } from './text-patterns.js';

/** Whether a value meets a schema of the document. */
export type Meets = (node: SchemaNode, value: unknown) => boolean;

/** The options of testing values. */
export interface MeetsOptions {
  readonly document: SchemaDocument;
  readonly patterns: TextPatterns;
  readonly work: WorkBudget;
}

/** References and alternatives within each other. */
const MAX_DEPTH = 500;

type Members = Readonly<Record<string, unknown>>;

export function createMeets({ document, patterns, work }: MeetsOptions): Meets {
  let depth = 0;
  return meets;

  function meets(node: SchemaNode, value: unknown): boolean {
    work.spend(20, 'alternatives');
    if (depth === MAX_DEPTH) {
      throw new ToolkitError(
        'LIMIT_EXCEEDED',
        `schema: ${node.pointer} is more than ${MAX_DEPTH} references away from an enum or const`,
        { suggestions: ['refer to the last of a chain of references'] },
      );
    }
    depth++;
    const isMet = looksGood(node, value);
    depth--;
    return isMet;
  }

  function looksGood(node: SchemaNode, value: unknown): boolean {
    const { schema } = node;
    if (typeof schema === 'boolean') return schema;
    if (!meetsValue(schema, value)) return false;
    if (typeof schema.$ref === 'string' && !meets(document.refer(node, schema.$ref), value)) return false;
    if (!children(document, node, 'allOf').every((part) => meets(part, value))) return false;
    if (schema.anyOf !== undefined && !children(document, node, 'anyOf').some((part) => meets(part, value)))
      return false;
    if (schema.oneOf !== undefined && countMet(children(document, node, 'oneOf'), value) !== 1) return false;
    if (child(document, node, 'not').some((part) => meets(part, value))) return false;
    const [condition] = child(document, node, 'if');
    if (condition !== undefined) {
      const branch = child(document, node, meets(condition, value) ? 'then' : 'else');
      if (!branch.every((part) => meets(part, value))) return false;
    }
    if (typeof value === 'number') return meetsNumber(schema, value);
    if (typeof value === 'string') return meetsString(schema, value);
    if (Array.isArray(value)) return meetsArray(node, schema, value);
    return typeof value !== 'object' || value === null || meetsObject(node, schema, value as Members);
  }

  function countMet(options: readonly SchemaNode[], value: unknown): number {
    return options.filter((option) => meets(option, value)).length;
  }

  function meetsString(schema: SchemaObject, value: string): boolean {
    const length = [...value].length;
    if (length < ((schema.minLength as number) ?? 0) || length > ((schema.maxLength as number) ?? Infinity))
      return false;
    const text = JSON.stringify(value).slice(1, -1);
    const matches = (pattern: string): boolean => {
      const dfa = patterns.pattern(pattern);
      return dfa !== null && acceptsText(dfa, text);
    };
    if (schema.pattern !== undefined && !matches(schema.pattern as string)) return false;
    if (((schema.$notPatterns as string[]) ?? []).some(matches)) return false;
    const format = schema.format === undefined ? undefined : patterns.format(schema.format as string);
    return format === undefined || (format !== null && acceptsText(format, text));
  }

  function meetsArray(node: SchemaNode, schema: SchemaObject, items: readonly unknown[]): boolean {
    refuseUnevaluated(node, schema, 'unevaluatedItems');
    const { length } = items;
    if (length < ((schema.minItems as number) ?? 0) || length > ((schema.maxItems as number) ?? Infinity)) return false;
    const first = children(document, node, 'prefixItems');
    const [rest] = child(document, node, 'items');
    const areGood = items.every((item, i) => {
      const own = first[i] ?? rest;
      return own === undefined || meets(own, item);
    });
    if (!areGood) return false;
    const at = schema.$itemsAt as { readonly index: number } | undefined;
    if (at !== undefined && !meets(document.child(node, '$itemsAt', 'schema'), items[at.index])) return false;
    if (schema.uniqueItems === true && new Set(items.map(sortedText)).size < length) return false;
    const [wanted] = child(document, node, 'contains');
    if (wanted === undefined) return true;
    const n = items.filter((item) => meets(wanted, item)).length;
    return n >= ((schema.minContains as number) ?? 1) && n <= ((schema.maxContains as number) ?? Infinity);
  }

  function meetsObject(node: SchemaNode, schema: SchemaObject, members: Members): boolean {
    refuseUnevaluated(node, schema, 'unevaluatedProperties');
    const names = Object.keys(members);
    const has = (name: string): boolean => Object.hasOwn(members, name);
    const n = names.length;
    if (n < ((schema.minProperties as number) ?? 0) || n > ((schema.maxProperties as number) ?? Infinity)) return false;
    if (!((schema.required as string[]) ?? []).every(has) || ((schema.$absent as string[]) ?? []).some(has))
      return false;
    for (const [name, needed] of Object.entries((schema.dependentRequired ?? {}) as Record<string, string[]>)) {
      if (has(name) && !needed.every(has)) return false;
    }
    for (const name of Object.keys((schema.dependentSchemas ?? {}) as object)) {
      if (has(name) && !meets(document.child(node, 'dependentSchemas', name), members)) return false;
    }
    const [nameSchema] = child(document, node, 'propertyNames');
    return names.every(
      (name) =>
        (nameSchema === undefined || meets(nameSchema, name)) &&
        memberSchemas(node, schema, name).every((one) => meets(one, members[name])),
    );
  }

  function memberSchemas(node: SchemaNode, schema: SchemaObject, name: string): SchemaNode[] {
    const found = ['properties', '$members'].flatMap((keyword) =>
      Object.hasOwn((schema[keyword] ?? {}) as object, name) ? [document.child(node, keyword, name)] : [],
    );
    const isNamed = Object.hasOwn((schema.properties ?? {}) as object, name);
    const matching = matchingPatterns(patterns, schema, name).map((source) =>
      document.child(node, 'patternProperties', source),
    );
    const isOther = !isNamed && matching.length === 0;
    return [...found, ...matching, ...(isOther ? child(document, node, 'additionalProperties') : [])];
  }
}

/** The patterns of a schema's patternProperties that match a name. */
export function matchingPatterns(patterns: TextPatterns, schema: SchemaObject, name: string): string[] {
  const text = JSON.stringify(name).slice(1, -1);
  return Object.keys((schema.patternProperties ?? {}) as object).filter((source) => {
    const dfa = patterns.pattern(source);
    return dfa !== null && acceptsText(dfa, text);
  });
}

function meetsValue(schema: SchemaObject, value: unknown): boolean {
  const { type, $types, enum: values, const: constant, $notValues } = schema;
  if (type !== undefined && !isOfType([type as string].flat(), value)) return false;
  if ($types !== undefined && !isOfType($types as string[], value)) return false;
  if (values === undefined && constant === undefined && $notValues === undefined) return true;
  const text = sortedText(value);
  if (values !== undefined && !textsOf(values as unknown[]).has(text)) return false;
  if (constant !== undefined && sortedText(constant) !== text) return false;
  return $notValues === undefined || !textsOf($notValues as unknown[]).has(text);
}

const textsOfLists = new WeakMap<readonly unknown[], ReadonlySet<string>>();

function textsOf(list: readonly unknown[]): ReadonlySet<string> {
  const known = textsOfLists.get(list) ?? new Set(list.map(sortedText));
  textsOfLists.set(list, known);
  return known;
}

function isOfType(types: readonly string[], value: unknown): boolean {
  return jsonTypes.some((type) => types.includes(type) && isOfOneType(type, value));
}

function isOfOneType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function meetsNumber(schema: SchemaObject, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, $notInteger } = schema as Readonly<
    Record<string, number | undefined>
  >;
  if (minimum !== undefined && value < minimum) return false;
  if (maximum !== undefined && value > maximum) return false;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return false;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return false;
  if ($notInteger !== undefined && Number.isInteger(value)) return false;
  return multipleOf === undefined || isMultipleOf(value, multipleOf);
}

function refuseUnevaluated({ pointer }: SchemaNode, schema: SchemaObject, keyword: string): void {
  if (schema[keyword] === undefined) return;
  throw unsupported(
    `${pointer}/${keyword}: beside enum or const it is not enforced`,
    'leave it out there: the values are listed anyway',
  );
}
