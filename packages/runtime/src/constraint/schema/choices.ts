// The options that a choice leaves, as schemas one of which holds.

import type { WorkBudget } from '../work.js';
import { type Choice, child, children, type Options } from './conjunction.js';
import { unsupported } from './keywords.js';
import { negate } from './negation.js';
import { createOverlapTest } from './overlap.js';
import type { SchemaDocument, SchemaNode } from './schema-document.js';

/** @throws ToolkitError, from the options, `UNSUPPORTED_SCHEMA` for what cannot be enforced, `LIMIT_EXCEEDED` */
export function createOptions(document: SchemaDocument, work: WorkBudget): Options {
  const known = new Map<string, readonly SchemaNode[]>();
  const canOverlap = createOverlapTest(document, optionsOf, work);
  return optionsOf;

  function optionsOf(choice: Choice): readonly SchemaNode[] {
    const name = `${choice.owner.id}${choice.keyword}`;
    const found = known.get(name) ?? makeOptions(choice);
    known.set(name, found);
    return found;
  }

  function makeOptions({ owner, keyword }: Choice): readonly SchemaNode[] {
    switch (keyword) {
      case 'anyOf':
        return [...new Set(children(document, owner, 'anyOf'))];
      case 'oneOf':
        return oneOf(owner);
      case 'not':
        return negate(document, document.child(owner, 'not'), `${owner.pointer}/not`);
      case 'if':
        return conditional(owner);
      case 'dependentRequired':
      case 'dependentSchemas':
        return dependents(owner, keyword);
    }
  }

  /** Each option, excluding the others if a value might meet both. */
  function oneOf(owner: SchemaNode): readonly SchemaNode[] {
    const options = children(document, owner, 'oneOf');
    const overlapping: SchemaNode[][] = options.map(() => []);
    options.forEach((option, i) => {
      for (let j = i + 1; j < options.length; j++) {
        if (!canOverlap(option, options[j]!)) continue;
        overlapping[i]!.push(options[j]!);
        overlapping[j]!.push(option);
      }
    });
    return options.map((option, i) => {
      const others = overlapping[i]!;
      if (others.length === 0) return option;
      const nots = others.map(({ schema }) => ({ not: schema }));
      const only = document.make({ allOf: [option.schema, ...nots] }, option.pointer);
      for (const other of others) refuseInexpressible(owner, option, other);
      return only;
    });
  }

  function refuseInexpressible(owner: SchemaNode, option: SchemaNode, other: SchemaNode): void {
    try {
      negate(document, other, other.pointer);
    } catch {
      throw unsupported(
        `${owner.pointer}/oneOf: it cannot be shown that no value meets both ${option.pointer} and ${other.pointer}`,
        'write anyOf, or give the options a required property with a constant of its own in each',
      );
    }
  }

  function conditional(owner: SchemaNode): readonly SchemaNode[] {
    const [condition] = child(document, owner, 'if');
    const consequence = child(document, owner, 'then');
    const alternative = child(document, owner, 'else');
    if (consequence.length === 0 && alternative.length === 0) return [document.make(true, owner.pointer)];
    const schemas = (nodes: readonly SchemaNode[]) => nodes.map(({ schema }) => schema);
    return [
      document.make({ allOf: [condition!.schema, ...schemas(consequence)] }, `${owner.pointer}/then`),
      document.make({ allOf: [{ not: condition!.schema }, ...schemas(alternative)] }, `${owner.pointer}/else`),
    ];
  }

  /** For each name the property is not there, or what depends on it holds. Several names are chosen from one by one. */
  function dependents(owner: SchemaNode, keyword: 'dependentRequired' | 'dependentSchemas'): readonly SchemaNode[] {
    const byName = (owner.schema as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[keyword]!;
    const pointer = `${owner.pointer}/${keyword}`;
    const all = Object.entries(byName).map(([name, value]) => ({
      anyOf: [
        { $absent: [name] },
        keyword === 'dependentRequired'
          ? { required: [name, ...(value as readonly unknown[] as string[])] }
          : { allOf: [{ required: [name] }, value] },
      ],
    }));
    return [document.make({ allOf: all }, pointer)];
  }
}
