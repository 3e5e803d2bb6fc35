// Constraints that requests ask for, compiled once for all that ask for the same; a bounded number is kept.

import { hexOf, isToolkitError, sha256 } from '@llama-ts/base';
import { BadRequest, type Constraint, jsonSchema } from '@llama-ts/runtime';

/** Compiles constraints. */
export interface ConstraintCache {
  /** @param param the field of the schema. @throws BadRequest that names it */
  jsonSchema(schema: unknown, param: string): Constraint;
}

/** Each may keep 32 MB of masks with the vocabulary of Llama 3. */
const MAX_KEPT = 16;

const encoder = new TextEncoder();

export function createConstraintCache(): ConstraintCache {
  /** The one used last is the last. */
  const kept = new Map<string, Constraint>();

  function keep(key: string, compile: () => Constraint): Constraint {
    const constraint = kept.get(key) ?? compile();
    kept.delete(key);
    kept.set(key, constraint);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT) kept.delete(oldest!);
    return constraint;
  }

  return {
    jsonSchema(schema, param) {
      const text = JSON.stringify(schema) ?? '';
      return keep(hexOf(sha256(encoder.encode(text))), () => compileSchema(schema, param));
    },
  };
}

function compileSchema(schema: unknown, param: string): Constraint {
  try {
    return jsonSchema(schema);
  } catch (error) {
    if (!isToolkitError(error)) throw error;
    throw new BadRequest(param, `${param}: ${error.message.replace(/^schema: /, '')}`);
  }
}
