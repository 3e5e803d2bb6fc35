// One form for what drafts of JSON Schema and OpenAPI 3.0 write differently; annotations are left out.

import { isAnnotation, type JsonSchema, type SchemaObject } from './keywords.js';

/** The schema with the keywords of draft 2020-12 alone; its subschemas stay unchanged. */
export function normalize(schema: JsonSchema): JsonSchema {
  if (typeof schema === 'boolean') return schema;
  const found: Record<string, unknown> = Object.create(null);
  for (const [keyword, value] of Object.entries(schema)) if (!isAnnotation(keyword, schema)) found[keyword] = value;
  normalizeItems(found);
  normalizeBound(found, 'minimum', 'exclusiveMinimum');
  normalizeBound(found, 'maximum', 'exclusiveMaximum');
  normalizeDependencies(found);
  if (found.nullable === true && found.type !== undefined) found.type = [...new Set([found.type, 'null'].flat())];
  const isNullable = found.nullable === true && found.type === undefined;
  delete found.nullable;
  // Next to references and choices, as generators write it.
  const isReferring = ['$ref', 'allOf', 'anyOf', 'oneOf'].some((keyword) => found[keyword] !== undefined);
  if (isNullable && isReferring) return { anyOf: [{ type: 'null' }, found] };
  if (found.uniqueItems === false) delete found.uniqueItems;
  return found;
}

type Draft = Record<string, unknown>;

/** Until 2019-09, first items were a list under `items`, and others `additionalItems`. */
function normalizeItems(schema: Draft): void {
  const { items, additionalItems } = schema;
  delete schema.additionalItems;
  if (!Array.isArray(items)) return;
  delete schema.items;
  if (items.length > 0) schema.prefixItems = items;
  if (additionalItems !== undefined) schema.items = additionalItems;
}

/** In draft 4 and OpenAPI 3.0, `exclusiveMinimum: true` makes `minimum` exclusive. */
function normalizeBound(schema: Draft, inclusive: string, exclusive: string): void {
  if (typeof schema[exclusive] !== 'boolean') return;
  const isExclusive = schema[exclusive];
  delete schema[exclusive];
  if (!isExclusive || schema[inclusive] === undefined) return;
  schema[exclusive] = schema[inclusive];
  delete schema[inclusive];
}

/** Until 2019-09, `dependencies` held lists of names and schemas alike. */
function normalizeDependencies(schema: Draft): void {
  const entries = Object.entries((schema.dependencies ?? {}) as SchemaObject);
  delete schema.dependencies;
  for (const [name, value] of entries) {
    const keyword = Array.isArray(value) ? 'dependentRequired' : 'dependentSchemas';
    schema[keyword] = { ...(schema[keyword] as object | undefined), [name]: value };
  }
}
