// Objects: properties by name, others by what their names are like, and how many.

import { acceptsText, countTexts, intersectDfas, listTexts, subtractDfas } from '../automaton/algebra.js';
import type { Dfa } from '../automaton/dfa.js';
import { textsDfa } from '../automaton/text-automata.js';
import { never, type OtherProperties, type Property, type Shape } from '../json/shape.js';
import { type Conjunction, child, largestOf, noSchemas, smallestOf, valuesOf } from './conjunction.js';
import type { SchemaObject } from './keywords.js';
import { matchingPatterns } from './meets.js';
import type { SchemaNode } from './schema-document.js';
import type { ShapeParts } from './shape-parts.js';
import { stringLanguage } from './string-shape.js';
import { heldWith } from './unevaluated.js';

/** So many names of other properties become properties of their own. */
const MAX_LISTED = 256;

/** Names of a kind: those that the same patterns match. */
interface NameFamily {
  /** Null for any. */
  readonly names: Dfa | null;
  readonly matched: readonly string[];
}

/** @throws ToolkitError `UNSUPPORTED_SCHEMA`, `BAD_PATTERN`, `LIMIT_EXCEEDED` */
export function objectShape(conjunction: Conjunction, parts: ShapeParts): Shape {
  const { nodes } = conjunction;
  const { shapeOf, work } = parts;
  const min = largestOf(nodes, 'minProperties');
  const max = smallestOf(nodes, 'maxProperties');
  const required = new Set(valuesOf<string[]>(nodes, 'required').flat());
  const absent = new Set(valuesOf<string[]>(nodes, '$absent').flat());
  const named = ['properties', '$members'].flatMap((keyword) => valuesOf<object>(nodes, keyword).flatMap(Object.keys));
  const names = [...new Set([...named, ...required, ...absent])];
  work.spend(50 * names.length * nodes.length, 'alternatives');
  const allNames = keyLanguage(nodes, parts);
  if (allNames === null) return withoutMembers(required.size > 0 || min > 0);
  const isName = (name: string): boolean => allNames === 'any' || acceptsText(allNames, spelled(name));
  const declared = names.map(
    (name): Property => ({
      name,
      value: absent.has(name) || !isName(name) ? never : shapeOf(memberSchemas(conjunction, name, parts)),
      isRequired: required.has(name),
    }),
  );
  const others: OtherProperties[] = [];
  for (const { names: family, matched } of nameFamilies(nodes, allNames, parts)) {
    if (matched.length === 0 && !mayHaveOthers(nodes)) continue;
    const free =
      family === null || names.length === 0 ? family : subtractDfas(family, textsDfa(names.map(spelled), work), work);
    if (free === null && family !== null) continue;
    const nNames = free === null ? Number.POSITIVE_INFINITY : countTexts(free);
    const value = shapeOf(otherSchemas(conjunction, matched, parts));
    if (nNames > MAX_LISTED) others.push({ names: free, nNames, value });
    else for (const name of listNames(free!, nodes)) declared.push({ name, value, isRequired: false });
  }
  return { type: 'object', declared, reserved: declared.map(({ name }) => name), others, min, max };
}

function withoutMembers(mustHaveSome: boolean): Shape {
  return mustHaveSome ? never : { type: 'object', declared: [], reserved: [], others: [], min: 0, max: 0 };
}

/** If properties are named and no schema covers others, an answer has no others. */
function mayHaveOthers(nodes: readonly SchemaNode[]): boolean {
  const isSaid = ['additionalProperties', 'unevaluatedProperties'].some((one) => valuesOf(nodes, one).length > 0);
  const isNamed = ['properties', 'patternProperties'].some((one) => valuesOf(nodes, one).length > 0);
  return isSaid || !isNamed;
}

/** Names that properties may have; null for none. */
function keyLanguage(nodes: readonly SchemaNode[], parts: ShapeParts): Dfa | 'any' | null {
  const schemas = nodes.flatMap((node) => child(parts.document, node, 'propertyNames'));
  if (schemas.length === 0) return 'any';
  const language = stringLanguage(parts.conjoin(noSchemas, schemas), parts);
  return language === parts.lexemes.characters ? 'any' : language;
}

/** Splits names by the patterns that match them. */
function nameFamilies(nodes: readonly SchemaNode[], all: Dfa | 'any', parts: ShapeParts): readonly NameFamily[] {
  const { patterns, lexemes, work } = parts;
  const sources = new Set(valuesOf<object>(nodes, 'patternProperties').flatMap(Object.keys));
  let families: NameFamily[] = [{ names: all === 'any' ? null : all, matched: [] }];
  for (const source of sources) {
    const dfa = patterns.pattern(source);
    if (dfa === null) continue;
    families = families.flatMap(({ names, matched }) => {
      const from = names ?? lexemes.characters;
      const inside = intersectDfas(from, dfa, work);
      const outside = subtractDfas(from, dfa, work);
      return [
        ...(inside === null ? [] : [{ names: inside, matched: [...matched, source] }]),
        ...(outside === null ? [] : [{ names: outside, matched }]),
      ];
    });
  }
  return families;
}

/** All schemas of the value of a property. */
function memberSchemas(conjunction: Conjunction, name: string, parts: ShapeParts): SchemaNode[] {
  const { document, patterns } = parts;
  const evaluated = (node: SchemaNode): SchemaNode[] => {
    if (typeof node.schema === 'boolean') return [];
    const own = hasName(node.schema, 'properties', name) ? [document.child(node, 'properties', name)] : [];
    const matched = matchingPatterns(patterns, node.schema, name);
    const found = [...own, ...matched.map((source) => document.child(node, 'patternProperties', source))];
    return found.length > 0 ? found : child(document, node, 'additionalProperties');
  };
  const members = conjunction.nodes.flatMap((node) =>
    typeof node.schema !== 'boolean' && hasName(node.schema, '$members', name)
      ? [document.child(node, '$members', name)]
      : [],
  );
  return [...members, ...conjunction.nodes.flatMap(evaluated), ...unevaluated(conjunction, evaluated, parts)];
}

/** All schemas of the values of undeclared properties whose names match some patterns. */
function otherSchemas(conjunction: Conjunction, matched: readonly string[], parts: ShapeParts): SchemaNode[] {
  const { document } = parts;
  const evaluated = (node: SchemaNode): SchemaNode[] => {
    const { schema } = node;
    if (typeof schema === 'boolean') return [];
    const own = matched.filter((source) => hasName(schema, 'patternProperties', source));
    if (own.length > 0) return own.map((source) => document.child(node, 'patternProperties', source));
    return child(document, node, 'additionalProperties');
  };
  return [...conjunction.nodes.flatMap(evaluated), ...unevaluated(conjunction, evaluated, parts)];
}

/** The schemas of unevaluatedProperties that apply because no schema next to them covers the property. */
function unevaluated(
  conjunction: Conjunction,
  evaluated: (node: SchemaNode) => readonly SchemaNode[],
  parts: ShapeParts,
): SchemaNode[] {
  return conjunction.nodes.flatMap((node) => {
    const [schema] = child(parts.document, node, 'unevaluatedProperties');
    if (schema === undefined) return [];
    const isEvaluated = heldWith(node, conjunction, parts).some(
      (one) =>
        evaluated(one).length > 0 || (one !== node && child(parts.document, one, 'unevaluatedProperties').length > 0),
    );
    return isEvaluated ? [] : [schema];
  });
}

/** A few names: in the order in which an enum lists them, or in that of their bytes. */
function listNames(language: Dfa, nodes: readonly SchemaNode[]): string[] {
  const found = listTexts(language).map((text) => JSON.parse(`"${text}"`) as string);
  const listed = valuesOf<SchemaObject>(nodes, 'propertyNames').flatMap((schema) => (schema.enum ?? []) as unknown[]);
  const place = (name: string): number => (listed.includes(name) ? listed.indexOf(name) : listed.length);
  return found.sort((a, b) => place(a) - place(b));
}

function hasName(schema: SchemaObject, keyword: string, name: string): boolean {
  return schema[keyword] !== undefined && Object.hasOwn(schema[keyword] as object, name);
}

function spelled(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}
