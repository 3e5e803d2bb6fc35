// Arrays: first items, others, how many, and which there must be.

import { type ContainedItems, type ItemShapes, never, type Shape } from '../json/shape.js';
import { type Conjunction, child, children, largestOf, smallestOf, valuesOf } from './conjunction.js';
import { unsupported } from './keywords.js';
import type { SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';
import { heldWith } from './unevaluated.js';

/** @throws ToolkitError `UNSUPPORTED_SCHEMA` */
export function arrayShape(conjunction: Conjunction, parts: ShapeParts): Shape {
  const { nodes } = conjunction;
  const { document, shapeOf } = parts;
  const min = largestOf(nodes, 'minItems');
  const max = smallestOf(nodes, 'maxItems');
  const places = valuesOf<{ readonly index: number }>(nodes, '$itemsAt').map(({ index }) => index + 1);
  const nListed = Math.max(0, ...nodes.map((node) => children(document, node, 'prefixItems').length));
  const nFirst = Math.max(nListed, ...places);
  const schemasAt = (index: number): SchemaNode[] => itemSchemas(conjunction, index, parts);
  const itemsWith = (added: readonly SchemaNode[]): ItemShapes => ({
    prefix: Array.from({ length: nFirst }, (_, index) => shapeOf([...schemasAt(index), ...added])),
    rest: shapeOf([...schemasAt(nFirst), ...added]),
  });
  // If first items are listed and no schema covers others, an answer has only as many others as it must.
  const isSaid = ['items', 'unevaluatedItems'].some((keyword) => valuesOf(nodes, keyword).length > 0);
  const longest = nListed > 0 && !isSaid ? Math.min(max, Math.max(nListed, min)) : max;
  const contained = containedItems(nodes, itemsWith, parts);
  if (contained === 'never') return never;
  const unique = longest <= 1 ? null : uniqueOwner(nodes, nFirst, contained);
  return { type: 'array', ...itemsWith([]), min, max: longest, contained, unique };
}

/** All schemas of an item. */
function itemSchemas(conjunction: Conjunction, index: number, parts: ShapeParts): SchemaNode[] {
  const { document } = parts;
  const own = (node: SchemaNode): SchemaNode[] => {
    const first = children(document, node, 'prefixItems')[index];
    return first === undefined ? child(document, node, 'items') : [first];
  };
  const unevaluated = conjunction.nodes.flatMap((node) => {
    const [schema] = child(document, node, 'unevaluatedItems');
    if (schema === undefined) return [];
    const isEvaluated = heldWith(node, conjunction, parts).some(
      (one) => own(one).length > 0 || (one !== node && child(document, one, 'unevaluatedItems').length > 0),
    );
    return isEvaluated ? [] : [schema];
  });
  const placed = conjunction.nodes.flatMap((node) => {
    const isHere = valuesOf<{ readonly index: number }>([node], '$itemsAt').some((one) => one.index === index);
    return isHere ? [document.child(node, '$itemsAt', 'schema')] : [];
  });
  return [...conjunction.nodes.flatMap(own), ...unevaluated, ...placed];
}

function containedItems(
  nodes: readonly SchemaNode[],
  itemsWith: (added: readonly SchemaNode[]) => ItemShapes,
  { document }: ShapeParts,
): ContainedItems | 'never' | null {
  const all = nodes.filter((node) => child(document, node, 'contains').length > 0);
  const counted = all.map((node) => ({
    node,
    wanted: document.child(node, 'contains'),
    min: largestOf([node], 'minContains', valuesOf([node], 'minContains').length > 0 ? 0 : 1),
    max: smallestOf([node], 'maxContains'),
  }));
  const needed = counted.filter(({ min, max }) => min > 0 || max < Number.POSITIVE_INFINITY);
  const [first, second] = needed;
  if (first === undefined) return null;
  if (second !== undefined) {
    throw unsupported(
      `${second.node.pointer}/contains: a second contains for one array is not enforced`,
      'write prefixItems for the items there must be',
    );
  }
  const { node, wanted, min, max } = first;
  if (min > max) return 'never';
  const others = max === Number.POSITIVE_INFINITY ? [] : [document.make({ not: wanted.schema }, node.pointer)];
  return { min, max, wanted: itemsWith([wanted]), unwanted: itemsWith(others) };
}

/** Pointer to an array's `uniqueItems`; null without one. */
function uniqueOwner(nodes: readonly SchemaNode[], nFirst: number, contained: ContainedItems | null): string | null {
  const owner = nodes.find((node) => valuesOf([node], 'uniqueItems')[0] === true);
  if (owner === undefined) return null;
  if (nFirst === 0 && contained === null) return owner.pointer;
  throw unsupported(
    `${owner.pointer}/uniqueItems: together with prefixItems or contains it is not enforced`,
    'take it out, and look for repeated items afterwards',
  );
}
