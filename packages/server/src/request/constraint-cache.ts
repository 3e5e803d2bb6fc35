// Constraints that requests ask for, compiled once for all that ask for the same; a bounded number is kept.
//
// One schema compiles at a time, in turns with passes and other requests.

import { hexOf, isToolkitError, sha256 } from '@llama-ts/base';
import { BadRequest, type Constraint, jsonSchemaInTurns } from '@llama-ts/runtime';

/** Compiles constraints. */
export interface ConstraintCache {
  /** @param param the field of the schema. @throws BadRequest that names it */
  jsonSchema(schema: unknown, param: string): Promise<Constraint>;
}

/** Each may keep 32 MB of masks with the vocabulary of Llama 3. */
const MAX_KEPT = 16;

const encoder = new TextEncoder();

export function createConstraintCache(): ConstraintCache {
  /** The one used last is the last. */
  const kept = new Map<string, Constraint>();
  /** Those that compile or wait for it. */
  const compiling = new Map<string, Promise<Constraint>>();
  let last: Promise<unknown> = Promise.resolve();

  async function keep(key: string, schema: unknown): Promise<Constraint> {
    const constraint = kept.get(key) ?? (await (compiling.get(key) ?? compile(key, schema)));
    kept.delete(key);
    kept.set(key, constraint);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT) kept.delete(oldest!);
    return constraint;
  }

  function compile(key: string, schema: unknown): Promise<Constraint> {
    const begun = last.then(() => jsonSchemaInTurns(schema)).finally(() => compiling.delete(key));
    compiling.set(key, begun);
    last = begun.catch(() => undefined);
    return begun;
  }

  return {
    async jsonSchema(schema, param) {
      const text = JSON.stringify(schema) ?? '';
      try {
        return await keep(hexOf(sha256(encoder.encode(text))), schema);
      } catch (error) {
        if (!isToolkitError(error)) throw error;
        throw new BadRequest(param, `${param}: ${error.message.replace(/^schema: /, '')}`);
      }
    },
  };
}
