// Removes parts of a shape that no finite value can have, so that every path through the grammar can be completed.

import type { Turns, WorkBudget } from '../work.js';
import {
  type ArrayShape,
  type ContainedItems,
  type ItemShapes,
  type ObjectShape,
  partsOf,
  type Shape,
} from './shape.js';

/**
 * The shape without parts that no value matches.
 *
 * @returns null when no value matches the shape
 */
export function* pruneShape(root: Shape, work: WorkBudget): Turns<Shape | null> {
  const productive = yield* findProductive(root, work);
  if (!productive.has(root)) return null;
  const pruned = new Map<Shape, Shape>();
  const references: { readonly from: Shape; readonly to: Shape & { type: 'reference' } }[] = [];
  const result = prune(root);
  // References are pruned after the shapes that contain them, so that chains of references need no deep stack.
  while (references.length > 0) {
    if (work.isTurnOver()) yield;
    const { from, to } = references.pop()!;
    to.target = prune(from);
  }
  return result;

  function prune(shape: Shape): Shape {
    const known = pruned.get(shape);
    if (known !== undefined) return known;
    work.spend(5, 'alternatives');
    if (shape.type === 'reference') {
      const reference: Shape = { type: 'reference', target: null };
      pruned.set(shape, reference);
      references.push({ from: shape.target!, to: reference });
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
        const others = possibleOthers(shape, productive).map((one) => ({ ...one, value: prune(one.value) }));
        const nNames = others.reduce((sum, one) => sum + one.nNames, declared.length);
        return {
          ...shape,
          declared,
          others: hasEnough(shape, productive) ? others : [],
          max: Math.min(shape.max, nNames),
        };
      }
      case 'array': {
        const max = longest(shape, productive);
        const { prefix, rest } = pruneItems(shape, max);
        const { contained } = shape;
        return { ...shape, prefix, rest, max, contained: contained === null ? null : pruneContained(contained, max) };
      }
      default:
        return shape;
    }
  }

  /** Impossible items stay, as lists that allow no value. */
  function pruneContained(contained: ContainedItems, max: number): ContainedItems {
    const each = ({ prefix, rest }: ItemShapes): ItemShapes => ({
      prefix: prefix
        .slice(0, max)
        .map((item) => (productive.has(item) ? prune(item) : { type: 'choice', options: [] })),
      rest: rest === null || !productive.has(rest) ? null : prune(rest),
    });
    return { ...contained, wanted: each(contained.wanted), unwanted: each(contained.unwanted) };
  }

  function pruneItems({ prefix, rest }: ItemShapes, max: number): ItemShapes {
    const first = prefix.slice(0, max).map(prune);
    const isThere = rest !== null && max > first.length && productive.has(rest);
    return { prefix: first, rest: isThere ? prune(rest) : null };
  }
}

/** Shapes that let something through: found from the parts up, each looked at again when a part of it is found. */
function* findProductive(root: Shape, work: WorkBudget): Turns<ReadonlySet<Shape>> {
  const owners = new Map<Shape, Shape[]>([[root, []]]);
  for (const shape of owners.keys()) {
    if (work.isTurnOver()) yield;
    for (const part of partsOf(shape)) {
      work.spend(1, 'alternatives');
      const known = owners.get(part);
      if (known === undefined) owners.set(part, [shape]);
      else known.push(shape);
    }
  }
  const productive = new Set<Shape>();
  const pending = [...owners.keys()].reverse();
  while (pending.length > 0) {
    if (work.isTurnOver()) yield;
    const shape = pending.pop()!;
    if (productive.has(shape)) continue;
    work.spend(1, 'alternatives');
    if (!isProductive(shape, productive, work)) continue;
    productive.add(shape);
    for (const owner of owners.get(shape)!) if (!productive.has(owner)) pending.push(owner);
  }
  return productive;
}

function isProductive(shape: Shape, productive: ReadonlySet<Shape>, work: WorkBudget): boolean {
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
      work.spend(shape.declared.length, 'alternatives');
      return canHaveMembers(shape, productive);
    case 'array':
      return shape.min <= longest(shape, productive) && canContain(shape, productive);
  }
}

function canHaveMembers(shape: ObjectShape, productive: ReadonlySet<Shape>): boolean {
  const { declared, min, max } = shape;
  const required = declared.filter(({ isRequired }) => isRequired);
  if (required.some(({ value }) => !productive.has(value)) || required.length > max || min > max) return false;
  const nPossible = declared.filter(({ value }) => productive.has(value)).length;
  return nPossible >= min || (possibleOthers(shape, productive).length > 0 && hasEnough(shape, productive));
}

function possibleOthers({ others }: ObjectShape, productive: ReadonlySet<Shape>) {
  return others.filter(({ value }) => productive.has(value));
}

/** Whether there are names enough for all properties that there must be, without the declared ones. */
function hasEnough(shape: ObjectShape, productive: ReadonlySet<Shape>): boolean {
  return possibleOthers(shape, productive).reduce((sum, { nNames }) => sum + nNames, 0) >= shape.min;
}

function longest({ prefix, rest, max }: ArrayShape, productive: ReadonlySet<Shape>): number {
  const first = prefix.findIndex((item) => !productive.has(item));
  if (first >= 0) return Math.min(first, max);
  return rest !== null && productive.has(rest) ? max : Math.min(prefix.length, max);
}

function canContain(shape: ArrayShape, productive: ReadonlySet<Shape>): boolean {
  const { contained } = shape;
  if (contained === null) return true;
  const max = longest(shape, productive);
  const isThere = (item: Shape | null): boolean => item !== null && productive.has(item);
  const nWanted = contained.wanted.prefix.slice(0, max).filter(isThere).length;
  const nLater = isThere(contained.wanted.rest) ? Math.max(0, max - shape.prefix.length) : 0;
  if (nWanted + nLater < contained.min) return false;
  // Where the number is bounded, some way to the least length has to be there: see array-symbols.ts.
  if (contained.max === Number.POSITIVE_INFINITY) return true;
  return canReach(shape, productive);
}

/** Whether an array of some length has a number of wanted items between the bounds. */
function canReach({ prefix, min, max, contained }: ArrayShape, productive: ReadonlySet<Shape>): boolean {
  const { wanted, unwanted, min: least, max: most } = contained!;
  const can = (items: ItemShapes, i: number): boolean => {
    const item = items.prefix[i] ?? items.rest;
    return item !== null && productive.has(item);
  };
  // Smallest and largest number of wanted items so far; every number between them is possible as well.
  let low = 0;
  let high = 0;
  for (let i = 0; ; i++) {
    if (i >= min && high >= least && low <= most) return true;
    const isWanted = can(wanted, i);
    const isUnwanted = can(unwanted, i);
    if (i >= max || (!isWanted && !isUnwanted) || i > prefix.length + MAX_COUNTED) return false;
    low += isUnwanted ? 0 : 1;
    high += isWanted ? 1 : 0;
  }
}

/** Items looked at one by one. */
const MAX_COUNTED = 10_000;
