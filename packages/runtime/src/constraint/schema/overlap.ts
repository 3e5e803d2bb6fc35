// Whether a value might meet two schemas at once, which oneOf has to know exactly.

import type { WorkBudget } from '../work.js';
import {
  allowedConstants,
  allowedTypes,
  type Conjunction,
  conjoin,
  conjunctionKey,
  follow,
  largestOf,
  noSchemas,
  type Options,
  smallestOf,
  valuesOf,
} from './conjunction.js';
import type { SchemaObject } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** Deeper than discriminators lie. */
const MAX_DEPTH = 8;
/** A choice counts less than a level. */
const CHOICE_DEPTH = 0.1;

/** False only if it is certain that no value meets both. */
export type OverlapTest = (a: SchemaNode, b: SchemaNode) => boolean;

export function createOverlapTest(document: SchemaDocument, optionsOf: Options, work: WorkBudget): OverlapTest {
  const known = new Map<string, boolean>();
  const tags = new Map<SchemaNode, ReadonlyMap<string, ReadonlySet<string>>>();
  return (a, b) => {
    work.spend(5, 'alternatives');
    return !haveApartTags(tagsOf(a), tagsOf(b)) && !isEmpty(conjoin(document, noSchemas, [a, b], work), 0);
  };

  /** True only if it is certain that no value meets all. */
  function isEmpty(conjunction: Conjunction, depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    const key = conjunctionKey(conjunction);
    const found = known.get(key);
    if (found !== undefined) return found;
    work.spend(50 + 40 * conjunction.nodes.length, 'alternatives');
    work.keep(100 + key.length, 'alternatives');
    const isShown = isContradictory(conjunction.nodes, depth) || hasNoOption(conjunction, depth);
    known.set(key, isShown);
    return isShown;
  }

  function hasNoOption({ nodes, choices, taken }: Conjunction, depth: number): boolean {
    const [choice, ...later] = choices;
    // A negation or a condition rarely distinguishes two schemas.
    if (choice === undefined || (choice.keyword !== 'anyOf' && choice.keyword !== 'oneOf')) return false;
    const options = choice.keyword === 'anyOf' ? optionsOf(choice) : oneOfOptions(choice.owner);
    const left = { nodes, choices: later, taken };
    return options.every((option) => isEmpty(conjoin(document, left, [option], work), depth + CHOICE_DEPTH));
  }

  function oneOfOptions(owner: SchemaNode): SchemaNode[] {
    const { oneOf } = owner.schema as { oneOf: readonly unknown[] };
    return oneOf.map((_, i) => document.child(owner, 'oneOf', i));
  }

  function isContradictory(nodes: readonly SchemaNode[], depth: number): boolean {
    if (nodes.some(({ schema }) => schema === false)) return true;
    const constants = allowedConstants(nodes);
    if (constants?.size === 0) return true;
    const types = allowedTypes(nodes);
    if (constants !== null) {
      const typed = new Set([...constants.values()].flatMap(typesOf));
      for (const type of types) if (!typed.has(type)) types.delete(type);
    }
    return [...types].every((type) => {
      if (type === 'number' || type === 'integer') return isOutOfRange(nodes);
      if (type === 'string') return largestOf(nodes, 'minLength') > smallestOf(nodes, 'maxLength');
      if (type === 'array') return largestOf(nodes, 'minItems') > smallestOf(nodes, 'maxItems');
      return type === 'object' && depth < MAX_DEPTH && hasImpossibleMember(nodes, depth);
    });
  }

  /** Whether a property that must be there has no value. */
  function hasImpossibleMember(nodes: readonly SchemaNode[], depth: number): boolean {
    const names = new Set(valuesOf<string[]>(nodes, 'required').flat());
    return [...names].some((name) => {
      const schemas = nodes.flatMap((node) => memberSchema(document, node, name));
      return schemas.length > 0 && isEmpty(conjoin(document, noSchemas, schemas, work), depth + 1);
    });
  }

  /** The constants of required properties, which distinguish most options without a further comparison. */
  function tagsOf(node: SchemaNode): ReadonlyMap<string, ReadonlySet<string>> {
    const found = tags.get(node) ?? findTags(node);
    tags.set(node, found);
    return found;
  }

  function findTags(node: SchemaNode): ReadonlyMap<string, ReadonlySet<string>> {
    const nodes = [...follow(document, [node], work)];
    if (!valuesOf(nodes, 'type').includes('object')) return new Map();
    const names = new Set(valuesOf<string[]>(nodes, 'required').flat());
    const found = new Map<string, ReadonlySet<string>>();
    for (const name of names) {
      const schemas = nodes.flatMap((one) => memberSchema(document, one, name));
      const constants = allowedConstants([...follow(document, schemas, work)]);
      if (constants !== null) found.set(name, new Set(constants.keys()));
    }
    return found;
  }
}

function haveApartTags(
  a: ReadonlyMap<string, ReadonlySet<string>>,
  b: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  for (const [name, texts] of a) {
    const others = b.get(name);
    if (others === undefined) continue;
    let isShared = false;
    for (const text of texts) isShared ||= others.has(text);
    if (!isShared) return true;
  }
  return false;
}

function memberSchema(document: SchemaDocument, node: SchemaNode, name: string): SchemaNode[] {
  if (typeof node.schema === 'boolean') return [];
  const { properties, $members, patternProperties, additionalProperties } = node.schema;
  const members = hasName($members, name) ? [document.child(node, '$members', name)] : [];
  if (hasName(properties, name)) return [...members, document.child(node, 'properties', name)];
  const isRest = additionalProperties !== undefined && patternProperties === undefined;
  return isRest ? [...members, document.child(node, 'additionalProperties')] : members;
}

function hasName(map: unknown, name: string): boolean {
  return map !== undefined && Object.hasOwn(map as SchemaObject, name);
}

function typesOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return typeof value === 'number' ? ['number', 'integer'] : [typeof value];
}

function isOutOfRange(nodes: readonly SchemaNode[]): boolean {
  const min = largestOf(nodes, 'minimum', -Infinity);
  const above = largestOf(nodes, 'exclusiveMinimum', -Infinity);
  const max = smallestOf(nodes, 'maximum');
  const below = smallestOf(nodes, 'exclusiveMaximum');
  return min > max || above >= below || above >= max || min >= below;
}
