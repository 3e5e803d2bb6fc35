// Schemas that all hold for one value: references and allOf followed, anyOf and oneOf to be chosen from.

import { badSchema, type JsonType, jsonTypes } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** Schemas of one value. */
export interface Conjunction {
  readonly nodes: readonly SchemaNode[];
  /** Lists of options chosen from already. */
  readonly settled: readonly Choice[];
}

/** A list of options. */
export interface Choice {
  readonly owner: SchemaNode;
  readonly keyword: 'anyOf' | 'oneOf';
}

/** A schema that is an object. */
export type SchemaObject = { readonly [keyword: string]: unknown };

/** Equal for conjunctions of the same schemas. */
export function conjunctionKey({ nodes, settled }: Conjunction): string {
  const choices = settled.map(({ owner, keyword }) => `${owner.pointer} ${keyword}`);
  return [...nodes.map(({ pointer }) => pointer), '|', ...choices].join('\n');
}

/** Schemas with all that they refer to. @throws ToolkitError `BAD_SCHEMA` when one refers to itself */
export function follow(document: SchemaDocument, nodes: readonly SchemaNode[]): SchemaNode[] {
  const found = new Set<SchemaNode>();
  for (const node of nodes) visit(node, []);
  return [...found];

  function visit(node: SchemaNode, path: readonly SchemaNode[]): void {
    if (path.includes(node)) throw endless(node);
    found.add(node);
    const { schema } = node;
    if (typeof schema === 'boolean') return;
    const inner = [...path, node];
    if (typeof schema.$ref === 'string') visit(document.refer(node, schema.$ref), inner);
    for (const child of children(document, node, 'allOf')) visit(child, inner);
  }
}

/** The next list of options to choose from; null when there is none. */
export function nextChoice({ nodes, settled }: Conjunction): Choice | null {
  for (const owner of nodes) {
    if (typeof owner.schema === 'boolean') continue;
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const isSettled = settled.some((choice) => choice.owner === owner && choice.keyword === keyword);
      if (Object.hasOwn(owner.schema, keyword) && !isSettled) return { owner, keyword };
    }
  }
  return null;
}

/** The conjunctions that a choice leads to. @throws ToolkitError `BAD_SCHEMA` when an option leads back to the choice */
export function choose(document: SchemaDocument, { nodes, settled }: Conjunction, choice: Choice): Conjunction[] {
  const nowSettled = [...settled, choice];
  return children(document, choice.owner, choice.keyword).map((option) => {
    const added = follow(document, [option]);
    const back = nowSettled.find(({ owner }) => added.includes(owner));
    if (back !== undefined) throw endless(back.owner);
    return { nodes: [...new Set([...nodes, ...added])], settled: nowSettled };
  });
}

/** Schemas in a list under a keyword. */
export function children(document: SchemaDocument, node: SchemaNode, keyword: string): SchemaNode[] {
  const list = typeof node.schema === 'boolean' ? undefined : node.schema[keyword];
  return Array.isArray(list) ? list.map((_, i) => document.child(node, keyword, i)) : [];
}

/** The schemas that are objects. */
export function schemaObjects(nodes: readonly SchemaNode[]): SchemaObject[] {
  return nodes.flatMap(({ schema }) => (typeof schema === 'boolean' ? [] : [schema]));
}

/** Values of a keyword wherever it stands. */
export function valuesOf<T>(nodes: readonly SchemaNode[], keyword: string): T[] {
  return schemaObjects(nodes).flatMap((schema) => (Object.hasOwn(schema, keyword) ? [schema[keyword] as T] : []));
}

/** Types that all of the schemas allow; `number` includes `integer`. */
export function allowedTypes(nodes: readonly SchemaNode[]): Set<JsonType> {
  const allowed = new Set<JsonType>(jsonTypes);
  for (const value of valuesOf<JsonType | JsonType[]>(nodes, 'type')) {
    const types = new Set([value].flat());
    if (types.has('number')) types.add('integer');
    for (const type of allowed) if (!types.has(type)) allowed.delete(type);
  }
  return allowed;
}

/** Constants that all of the schemas allow, as JSON texts of one spelling; null when any value is allowed. */
export function allowedConstants(nodes: readonly SchemaNode[]): Map<string, unknown> | null {
  let allowed: Map<string, unknown> | null = null;
  for (const list of [
    ...valuesOf<unknown[]>(nodes, 'enum'),
    ...valuesOf<unknown>(nodes, 'const').map((one) => [one]),
  ]) {
    const found = new Map(list.map((value) => [sortedText(value), value]));
    if (allowed === null) allowed = found;
    else for (const text of allowed.keys()) if (!found.has(text)) allowed.delete(text);
  }
  return allowed;
}

function endless({ pointer }: SchemaNode): Error {
  return badSchema(
    `${pointer}: refers to itself with nothing between`,
    'refer to it from a property or an item, not from the schema itself',
  );
}

/** JSON with keys in order. */
function sortedText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
