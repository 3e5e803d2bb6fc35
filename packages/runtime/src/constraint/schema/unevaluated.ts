// The parts that `unevaluatedProperties` and `unevaluatedItems` apply to: those that no schema next to them covers.

import { type ChoiceKeyword, type Conjunction, choicesOf, inPlace, type Options } from './conjunction.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** Options of a negation do not evaluate the parts that they examine. */
const evaluating: readonly ChoiceKeyword[] = ['anyOf', 'oneOf', 'if', 'dependentSchemas'];

/**
 * Schemas that hold together with one because it says so: those it refers to and, of those it leaves a choice of, the
 * taken ones. Itself is the first.
 */
export function heldWith(
  owner: SchemaNode,
  { taken }: Conjunction,
  { document, optionsOf }: { readonly document: SchemaDocument; readonly optionsOf: Options },
): SchemaNode[] {
  const found = new Set([owner]);
  for (const node of found) {
    for (const inner of inPlace(document, node)) found.add(inner);
    for (const choice of choicesOf(node).filter(({ keyword }) => evaluating.includes(keyword))) {
      for (const option of optionsOf(choice)) if (taken.includes(option)) found.add(option);
    }
  }
  return [...found];
}

/** Whether a conjunction has to remember what was chosen. */
export function usesUnevaluated(nodes: Iterable<SchemaNode>): boolean {
  for (const { schema } of nodes) {
    if (typeof schema === 'boolean') continue;
    if (schema.unevaluatedProperties !== undefined || schema.unevaluatedItems !== undefined) return true;
  }
  return false;
}
