// Checks all of a document that its root reaches: keywords, and no schema that applies to the value it is applied to again.

import type { Turns, WorkBudget } from '../work.js';
import { badSchema, type SchemaObject } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';
import { usesUnevaluated } from './unevaluated.js';

/** Keywords whose schemas are about the same value. */
const sameValue = { one: ['not', 'if', 'then', 'else'], list: ['allOf', 'anyOf', 'oneOf'], map: ['dependentSchemas'] };
/** Keywords whose schemas are about parts of it. */
const partOfValue = {
  one: ['additionalProperties', 'unevaluatedProperties', 'propertyNames', 'items', 'unevaluatedItems', 'contains'],
  list: ['prefixItems'],
  map: ['properties', 'patternProperties'],
};

/** @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA`, `LIMIT_EXCEEDED` */
export function* checkDocument(
  document: SchemaDocument,
  work: WorkBudget,
): Turns<{ readonly isUnevaluatedUsed: boolean }> {
  const reached = new Set([document.root]);
  const same = new Map<SchemaNode, readonly SchemaNode[]>();
  for (const node of reached) {
    if (work.isTurnOver()) yield;
    work.spend(10, 'alternatives');
    work.keep(100, 'alternatives');
    document.check(node);
    const inPlace = [...referred(document, node), ...within(document, node, sameValue)];
    same.set(node, inPlace);
    for (const inner of [...inPlace, ...within(document, node, partOfValue)]) reached.add(inner);
  }
  refuseCircles(same);
  return { isUnevaluatedUsed: usesUnevaluated(reached) };
}

function referred(document: SchemaDocument, node: SchemaNode): SchemaNode[] {
  const { schema } = node;
  return typeof schema !== 'boolean' && typeof schema.$ref === 'string' ? [document.refer(node, schema.$ref)] : [];
}

function within(document: SchemaDocument, node: SchemaNode, keywords: typeof sameValue): SchemaNode[] {
  const { schema } = node;
  if (typeof schema === 'boolean') return [];
  const names = (keyword: string): string[] => Object.keys((schema[keyword] ?? {}) as SchemaObject);
  return [
    ...keywords.one.filter((keyword) => schema[keyword] !== undefined).map((keyword) => document.child(node, keyword)),
    ...[...keywords.list, ...keywords.map].flatMap((keyword) =>
      names(keyword).map((name) => document.child(node, keyword, name)),
    ),
  ];
}

/** Depth first, without recursion: references may form long chains. */
function refuseCircles(next: ReadonlyMap<SchemaNode, readonly SchemaNode[]>): void {
  const state = new Map<SchemaNode, 'open' | 'done'>();
  for (const root of next.keys()) {
    const path: { readonly node: SchemaNode; at: number }[] = [];
    open(root);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const child = next.get(top.node)![top.at++];
      if (child === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else open(child);
    }

    function open(node: SchemaNode): void {
      const known = state.get(node);
      if (known === 'open') throw endless(node);
      if (known === 'done') return;
      state.set(node, 'open');
      path.push({ node, at: 0 });
    }
  }
}

function endless({ pointer }: SchemaNode): Error {
  return badSchema(
    `${pointer}: refers to itself with nothing between`,
    'refer to it from a property or an item, not from the schema itself',
  );
}
