// Arrays: first items, others, and how many.

import type { Shape } from '../json/shape.js';
import { children, valuesOf } from './conjunction.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';

export function arrayShape(nodes: readonly SchemaNode[], { document, shapeOf }: ShapeParts): Shape {
  const min = Math.max(0, ...valuesOf<number>(nodes, 'minItems'));
  const max = Math.min(...valuesOf<number>(nodes, 'maxItems'));
  const nFirst = Math.max(0, ...nodes.map((node) => children(document, node, 'prefixItems').length));
  const schemasAt = (index: number): SchemaNode[] => nodes.flatMap((node) => itemSchema(document, node, index) ?? []);
  const prefix = Array.from({ length: nFirst }, (_, index) => shapeOf(schemasAt(index)));
  // Where first items are listed and nothing is said about others, an answer has no more of them than it must.
  const isListed = nFirst > 0 && valuesOf(nodes, 'items').length === 0;
  const longest = isListed ? Math.min(max, Math.max(nFirst, min)) : max;
  return { type: 'array', prefix, rest: shapeOf(schemasAt(nFirst)), min, max: longest };
}

/** What one schema says about an item; null for nothing. */
function itemSchema(document: SchemaDocument, node: SchemaNode, index: number): SchemaNode | null {
  const first = children(document, node, 'prefixItems')[index];
  if (first !== undefined) return first;
  const hasItems = typeof node.schema !== 'boolean' && Object.hasOwn(node.schema, 'items');
  return hasItems ? document.child(node, 'items') : null;
}
