// Objects: properties by name, others, and how many.

import type { Property, Shape } from '../json/shape.js';
import { type SchemaObject, valuesOf } from './conjunction.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';

export function objectShape(nodes: readonly SchemaNode[], { document, shapeOf }: ShapeParts): Shape {
  const required = new Set(valuesOf<string[]>(nodes, 'required').flat());
  const names = new Set([
    ...valuesOf<Record<string, unknown>>(nodes, 'properties').flatMap((properties) => Object.keys(properties)),
    ...required,
  ]);
  const declared = [...names].map(
    (name): Property => ({
      name,
      value: shapeOf(nodes.flatMap((node) => propertySchema(document, node, name) ?? [])),
      isRequired: required.has(name),
    }),
  );
  const others = nodes.flatMap((node) => child(document, node, 'additionalProperties') ?? []);
  // Where properties are named and nothing is said about others, an answer has none.
  const hasOthers = others.length > 0 || valuesOf(nodes, 'properties').length === 0;
  return {
    type: 'object',
    declared,
    additional: hasOthers ? shapeOf(others) : null,
    min: Math.max(0, ...valuesOf<number>(nodes, 'minProperties')),
    max: Math.min(...valuesOf<number>(nodes, 'maxProperties')),
  };
}

/** What one schema says about the values of a property; null for nothing. */
function propertySchema(document: SchemaDocument, node: SchemaNode, name: string): SchemaNode | null {
  const { properties } = node.schema as SchemaObject;
  const isNamed = properties !== undefined && Object.hasOwn(properties as object, name);
  return isNamed ? document.child(node, 'properties', name) : child(document, node, 'additionalProperties');
}

function child(document: SchemaDocument, node: SchemaNode, keyword: string): SchemaNode | null {
  return typeof node.schema !== 'boolean' && Object.hasOwn(node.schema, keyword) ? document.child(node, keyword) : null;
}
