// Free text, or a JSON object under a constraint: what begins with a brace has to be such an object to its end.

import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { ConstrainedText, Constraint } from './constraint.js';

const BRACE = 0x7b;
const SPACES: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20]);
/** Stands before a call, and leaves open what follows. */
const PYTHON_TAG = '<|python_tag|>';

/** Token ids whose first character after white space is a brace, and those that are white space alone. */
interface Beginnings {
  readonly braces: ReadonlySet<number>;
  readonly blanks: ReadonlySet<number>;
}

const known = new WeakMap<Tokenizer, Beginnings>();

/**
 * An answer that is any text, unless it begins with `{`: then it is what the constraint allows.
 *
 * @param constraint of JSON objects
 * @example textOr(jsonSchema({ type: 'object', properties: { name: { const: 'clock' } }, required: ['name'] }))
 */
export function textOr(constraint: Constraint): Constraint {
  return { begin: (tokenizer) => beginText(tokenizer, constraint.begin(tokenizer)) };
}

function beginText(tokenizer: Tokenizer, object: ConstrainedText): ConstrainedText {
  const { braces, blanks } = beginningsOf(tokenizer);
  const tagId = tokenizer.specialId(PYTHON_TAG);
  let kind: 'open' | 'text' | 'object' = 'open';
  return {
    get isComplete() {
      return kind !== 'object' || object.isComplete;
    },
    get hasNext() {
      return kind !== 'object' || object.hasNext;
    },
    restrict(logits, endIds) {
      if (kind === 'object') return object.restrict(logits, endIds);
      if (kind === 'text') return;
      const free = logits.slice();
      object.restrict(logits, endIds);
      for (let id = 0; id < logits.length; id++) if (!braces.has(id)) logits[id] = free[id]!;
    },
    push(id) {
      if (kind === 'open' && braces.has(id)) kind = 'object';
      else if (kind === 'open' && !blanks.has(id) && id !== tagId) kind = 'text';
      if (kind === 'object') object.push(id);
    },
  };
}

function beginningsOf(tokenizer: Tokenizer): Beginnings {
  const found = known.get(tokenizer);
  if (found !== undefined) return found;
  const braces = new Set<number>();
  const blanks = new Set<number>();
  for (let id = 0; id < tokenizer.nTokens; id++) {
    const first = tokenizer.tokenBytes(id).find((byte) => !SPACES.has(byte));
    if (first === undefined) blanks.add(id);
    else if (first === BRACE) braces.add(id);
  }
  known.set(tokenizer, { braces, blanks });
  return { braces, blanks };
}
