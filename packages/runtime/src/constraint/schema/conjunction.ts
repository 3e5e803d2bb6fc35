// Schemas that all hold for one value: references and allOf followed, anyOf and the like to be chosen from.

import type { WorkBudget } from '../work.js';
import { type JsonType, jsonTypes, type SchemaObject } from './keywords.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** Keywords that leave a choice, in the order in which it is made. */
const choiceKeywords = ['anyOf', 'oneOf', 'not', 'if', 'dependentRequired', 'dependentSchemas'] as const;
/** One of {@link choiceKeywords}. */
export type ChoiceKeyword = (typeof choiceKeywords)[number];

/** A list of options, one of which must hold. */
export interface Choice {
  readonly owner: SchemaNode;
  readonly keyword: ChoiceKeyword;
}

/** Gives the options of a choice, made once. */
export type Options = (choice: Choice) => readonly SchemaNode[];

/** Schemas of one value. */
export interface Conjunction {
  /** Schemas with keywords of their own. */
  readonly nodes: readonly SchemaNode[];
  /** Choices that are still open. */
  readonly choices: readonly Choice[];
  /** Options taken so far, where what they evaluate matters: with `unevaluatedProperties` and `unevaluatedItems`. */
  readonly taken: readonly SchemaNode[];
}

const withoutMeaning = new Set<string>([...choiceKeywords, '$ref', 'allOf', 'then', 'else']);

/** Equal for conjunctions of the same schemas. */
export function conjunctionKey({ nodes, choices, taken }: Conjunction): string {
  const ids = (all: readonly SchemaNode[]): string =>
    all
      .map(({ id }) => id)
      .sort((a, b) => a - b)
      .join();
  const open = choices.map(({ owner, keyword }) => `${owner.id}${keyword}`).sort();
  return `${ids(nodes)}|${open.join()}|${ids(taken)}`;
}

/** A conjunction and further schemas, with all that they refer to. */
export function conjoin(
  document: SchemaDocument,
  { nodes, choices, taken }: Conjunction,
  added: readonly SchemaNode[],
  work: WorkBudget,
): Conjunction {
  const all = new Set(nodes);
  const open = new Map(choices.map((choice) => [choiceName(choice), choice]));
  for (const node of follow(document, added, work)) {
    if (isMeaningful(node)) all.add(node);
    for (const choice of choicesOf(node)) open.set(choiceName(choice), choice);
  }
  work.spend(20 + 4 * (all.size + open.size), 'alternatives');
  return { nodes: [...all], choices: [...open.values()], taken };
}

/** Nothing that has to hold. */
export const noSchemas: Conjunction = { nodes: [], choices: [], taken: [] };

/** Schemas with all that they refer to, each before what it refers to. */
export function follow(document: SchemaDocument, nodes: readonly SchemaNode[], work: WorkBudget): Set<SchemaNode> {
  const found = new Set<SchemaNode>();
  const pending = [...nodes].reverse();
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (found.has(node)) continue;
    work.spend(1, 'alternatives');
    found.add(node);
    pending.push(...inPlace(document, node).reverse());
  }
  return found;
}

/** Schemas that hold wherever a node does. */
export function inPlace(document: SchemaDocument, node: SchemaNode): SchemaNode[] {
  const { schema } = node;
  if (typeof schema === 'boolean') return [];
  const referred = typeof schema.$ref === 'string' ? [document.refer(node, schema.$ref)] : [];
  return [...referred, ...children(document, node, 'allOf')];
}

/** Choices that a schema leaves. */
export function choicesOf(owner: SchemaNode): Choice[] {
  const { schema } = owner;
  if (typeof schema === 'boolean') return [];
  return choiceKeywords.filter((keyword) => schema[keyword] !== undefined).map((keyword) => ({ owner, keyword }));
}

function choiceName({ owner, keyword }: Choice): string {
  return `${owner.id}${keyword}`;
}

function isMeaningful({ schema }: SchemaNode): boolean {
  if (typeof schema === 'boolean') return !schema;
  for (const keyword in schema) if (!withoutMeaning.has(keyword)) return true;
  return false;
}

/** Schemas in a list under a keyword. */
export function children(document: SchemaDocument, node: SchemaNode, keyword: string): SchemaNode[] {
  const list = typeof node.schema === 'boolean' ? undefined : node.schema[keyword];
  return Array.isArray(list) ? list.map((_, i) => document.child(node, keyword, i)) : [];
}

/** The schema under a keyword, in a list of its own; empty for none. */
export function child(document: SchemaDocument, node: SchemaNode, keyword: string): SchemaNode[] {
  const isThere = typeof node.schema !== 'boolean' && node.schema[keyword] !== undefined;
  return isThere ? [document.child(node, keyword)] : [];
}

/** Values of a keyword in all schemas. */
export function valuesOf<T>(nodes: readonly SchemaNode[], keyword: string): T[] {
  const found: T[] = [];
  for (const { schema } of nodes) {
    if (typeof schema !== 'boolean' && schema[keyword] !== undefined) found.push(schema[keyword] as T);
  }
  return found;
}

/** The largest value of a keyword; `least` without the keyword. */
export function largestOf(nodes: readonly SchemaNode[], keyword: string, least = 0): number {
  return valuesOf<number>(nodes, keyword).reduce((a, b) => Math.max(a, b), least);
}

/** The smallest value of a keyword; infinity without the keyword. */
export function smallestOf(nodes: readonly SchemaNode[], keyword: string): number {
  return valuesOf<number>(nodes, keyword).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

/** Types that all of the schemas allow; `number` includes `integer`. */
export function allowedTypes(nodes: readonly SchemaNode[], keywords: readonly string[] = ['type', '$types']) {
  const allowed = new Set<JsonType>(jsonTypes);
  for (const value of keywords.flatMap((keyword) => valuesOf<JsonType | JsonType[]>(nodes, keyword))) {
    const types = new Set([value].flat());
    if (types.has('number')) types.add('integer');
    for (const type of allowed) if (!types.has(type)) allowed.delete(type);
  }
  return allowed;
}

/** Constants that all of the schemas allow, as JSON texts of one spelling; null when any value is allowed. */
export function allowedConstants(nodes: readonly SchemaNode[]): Map<string, unknown> | null {
  let allowed: Map<string, unknown> | null = null;
  const lists = [...valuesOf<unknown[]>(nodes, 'enum'), ...valuesOf<unknown>(nodes, 'const').map((one) => [one])];
  for (const list of lists) {
    const found = new Map(list.map((value) => [sortedText(value), value]));
    if (allowed === null) allowed = found;
    else for (const text of allowed.keys()) if (!found.has(text)) allowed.delete(text);
  }
  return allowed;
}

/** JSON with keys in order: equal for equal values. */
export function sortedText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner as SchemaObject).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
