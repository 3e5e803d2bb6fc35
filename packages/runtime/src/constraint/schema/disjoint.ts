// Whether no value can meet two schemas at once: what oneOf needs, and what is never guessed.

import {
  allowedConstants,
  allowedTypes,
  type Conjunction,
  choose,
  follow,
  nextChoice,
  valuesOf,
} from './conjunction.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** Deeper than discriminators lie. */
const MAX_DEPTH = 8;

/** Whether it can be shown that no value meets both. False where it cannot be shown. */
export function areDisjoint(document: SchemaDocument, a: SchemaNode, b: SchemaNode, depth = 0): boolean {
  const first = conjunctionsOf(document, { nodes: follow(document, [a]), settled: [] });
  const second = conjunctionsOf(document, { nodes: follow(document, [b]), settled: [] });
  return first.every((one) => second.every((other) => areApart(document, one.nodes, other.nodes, depth)));
}

/** All ways to choose. */
function conjunctionsOf(document: SchemaDocument, conjunction: Conjunction): Conjunction[] {
  const choice = nextChoice(conjunction);
  if (choice === null) return [conjunction];
  return choose(document, conjunction, choice).flatMap((chosen) => conjunctionsOf(document, chosen));
}

type Nodes = readonly SchemaNode[];

function areApart(document: SchemaDocument, a: Nodes, b: Nodes, depth: number): boolean {
  if ([...a, ...b].some(({ schema }) => schema === false)) return true;
  const constants = [allowedConstants(a), allowedConstants(b)] as const;
  if (constants[0] !== null && constants[1] !== null) {
    const other = constants[1];
    return ![...constants[0].keys()].some((text) => other.has(text));
  }
  const constantsTypes = constants.map((map) => (map === null ? null : typesOfConstants(map)));
  const types = [typesFor(a, constantsTypes[0]!), typesFor(b, constantsTypes[1]!)] as const;
  const shared = [...types[0]].filter((type) => types[1].has(type));
  return shared.every((type) => {
    if (type === 'object') return depth < MAX_DEPTH && haveApartProperty(document, a, b, depth);
    if (type === 'number' || type === 'integer')
      return rangeOf(a).max < rangeOf(b).min || rangeOf(b).max < rangeOf(a).min;
    if (type === 'string') return lengthsOf(a).max < lengthsOf(b).min || lengthsOf(b).max < lengthsOf(a).min;
    return false;
  });
}

function typesFor(nodes: Nodes, constants: ReadonlySet<string> | null): Set<string> {
  const types = new Set<string>(allowedTypes(nodes));
  if (constants !== null) for (const type of types) if (!constants.has(type)) types.delete(type);
  return types;
}

function typesOfConstants(constants: ReadonlyMap<string, unknown>): Set<string> {
  const types = new Set<string>();
  for (const value of constants.values()) {
    if (value === null) types.add('null');
    else if (Array.isArray(value)) types.add('array');
    else types.add(typeof value);
    if (typeof value === 'number' && Number.isInteger(value)) types.add('integer');
  }
  return types;
}

/** A property that one of them requires, with values that the other does not have. */
function haveApartProperty(document: SchemaDocument, a: Nodes, b: Nodes, depth: number): boolean {
  const names = new Set([...valuesOf<string[]>(a, 'required'), ...valuesOf<string[]>(b, 'required')].flat());
  return [...names].some((name) => {
    const first = propertySchemas(document, a, name);
    const second = propertySchemas(document, b, name);
    return first.some((one) => second.some((other) => areDisjoint(document, one, other, depth + 1)));
  });
}

function propertySchemas(document: SchemaDocument, nodes: Nodes, name: string): SchemaNode[] {
  return nodes.flatMap((node) => {
    if (typeof node.schema === 'boolean') return [];
    if (Object.hasOwn((node.schema.properties as object | undefined) ?? {}, name)) {
      return [document.child(node, 'properties', name)];
    }
    return Object.hasOwn(node.schema, 'additionalProperties') ? [document.child(node, 'additionalProperties')] : [];
  });
}

function rangeOf(nodes: Nodes): { min: number; max: number } {
  const min = Math.max(...valuesOf<number>(nodes, 'minimum'), ...valuesOf<number>(nodes, 'exclusiveMinimum'));
  const max = Math.min(...valuesOf<number>(nodes, 'maximum'), ...valuesOf<number>(nodes, 'exclusiveMaximum'));
  return { min, max };
}

function lengthsOf(nodes: Nodes): { min: number; max: number } {
  return {
    min: Math.max(0, ...valuesOf<number>(nodes, 'minLength')),
    max: Math.min(...valuesOf<number>(nodes, 'maxLength')),
  };
}
