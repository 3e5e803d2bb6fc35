// Leaves out what no finite value has: a grammar shall have no way that cannot be gone to its end.

import type { ArrayShape, ObjectShape, Shape } from './shape.js';

/**
 * The shape without parts that let nothing through.
 *
 * @returns null when that is all of it
 */
export function pruneShape(root: Shape): Shape | null {
  const shapes = reachable(root);
  const productive = new Set<Shape>();
  for (let before = -1; before < productive.size; ) {
    before = productive.size;
    for (const shape of shapes) if (!productive.has(shape) && isProductive(shape)) productive.add(shape);
  }
  const pruned = new Map<Shape, Shape>();
  return productive.has(root) ? prune(root) : null;

  function isProductive(shape: Shape): boolean {
    switch (shape.type) {
      case 'text':
      case 'matching-string':
        return true;
      case 'string':
        return shape.min <= shape.max;
      case 'choice':
        return shape.options.some((option) => productive.has(option));
      case 'reference':
        return productive.has(shape.target!);
      case 'object':
        return canHaveMembers(shape);
      case 'array':
        return shape.min <= longest(shape);
    }
  }

  function canHaveMembers({ declared, additional, min, max }: ObjectShape): boolean {
    const required = declared.filter(({ isRequired }) => isRequired);
    if (required.some(({ value }) => !productive.has(value)) || required.length > max || min > max) return false;
    const nPossible = declared.filter(({ value }) => productive.has(value)).length;
    return nPossible >= min || (additional !== null && productive.has(additional));
  }

  function longest({ prefix, rest, max }: ArrayShape): number {
    const first = prefix.findIndex((item) => !productive.has(item));
    if (first >= 0) return Math.min(first, max);
    return rest !== null && productive.has(rest) ? max : Math.min(prefix.length, max);
  }

  function prune(shape: Shape): Shape {
    const known = pruned.get(shape);
    if (known !== undefined) return known;
    if (shape.type === 'reference') {
      const reference: Shape = { type: 'reference', target: null };
      pruned.set(shape, reference);
      reference.target = prune(shape.target!);
      return reference;
    }
    const found = pruneParts(shape);
    pruned.set(shape, found);
    return found;
  }

  function pruneParts(shape: Exclude<Shape, { type: 'reference' }>): Shape {
    switch (shape.type) {
      case 'choice': {
        const options = shape.options.filter((option) => productive.has(option)).map(prune);
        return options.length === 1 ? options[0]! : { type: 'choice', options };
      }
      case 'object': {
        const declared = shape.declared
          .filter(({ value }) => productive.has(value))
          .map((property) => ({ ...property, value: prune(property.value) }));
        return { ...shape, declared, additional: pruneOptional(shape.additional) };
      }
      case 'array': {
        const max = longest(shape);
        const prefix = shape.prefix.slice(0, max).map(prune);
        return { ...shape, prefix, rest: max > prefix.length ? pruneOptional(shape.rest) : null, max };
      }
      default:
        return shape;
    }
  }

  function pruneOptional(shape: Shape | null): Shape | null {
    return shape === null || !productive.has(shape) ? null : prune(shape);
  }
}

/** All shapes within a shape, itself included. */
function reachable(root: Shape): Set<Shape> {
  const found = new Set([root]);
  for (const shape of found) for (const part of partsOf(shape)) found.add(part);
  return found;
}

function partsOf(shape: Shape): readonly Shape[] {
  switch (shape.type) {
    case 'choice':
      return shape.options;
    case 'reference':
      return [shape.target!];
    case 'object':
      return [...shape.declared.map(({ value }) => value), ...(shape.additional === null ? [] : [shape.additional])];
    case 'array':
      return [...shape.prefix, ...(shape.rest === null ? [] : [shape.rest])];
    default:
      return [];
  }
}
