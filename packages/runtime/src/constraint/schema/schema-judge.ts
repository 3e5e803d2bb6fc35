// Judges values that are there already by a JSON schema: the arguments of a call that no constraint held.

import { atOnce, createWork } from '../work.js';
import { checkDocument } from './check-document.js';
import { createMeets } from './meets.js';
import { createSchemaDocument } from './schema-document.js';
import { createTextPatterns } from './text-patterns.js';

/**
 * Whether values meet a schema, as JSON Schema means it: other properties than the named ones are allowed where the schema
 * says nothing of them.
 *
 * @param schema JSON Schema with the keywords of docs/constrained-output.md
 * @returns a function of a JSON value; false too for a value that cannot be judged within the limits of a constraint
 * @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA`, `BAD_PATTERN`, `LIMIT_EXCEEDED`
 * @example createSchemaJudge({ type: 'object', required: ['city'] })({ city: 'Oslo' }); // true
 */
export function createSchemaJudge(schema: unknown): (value: unknown) => boolean {
  const work = createWork('schema');
  const document = createSchemaDocument(schema, work);
  atOnce(checkDocument(document, work));
  const meets = createMeets({ document, patterns: createTextPatterns(work), work });
  return (value) => {
    try {
      return meets(document.root, value);
    } catch {
      return false;
    }
  };
}
