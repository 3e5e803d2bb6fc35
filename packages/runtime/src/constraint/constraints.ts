// The constraints that can be asked for: JSON, JSON of a schema, or text that a regular expression matches.

import { nextTask, ToolkitError } from '@llama-ts/base';
import { regexDfa } from './automaton/text-automata.js';
import { type Constraint, createConstraint } from './constraint.js';
import { createSymbolTable } from './grammar/symbols.js';
import { jsonGrammar } from './json/json-grammar.js';
import { anyValueShape, createLexemes } from './json/lexemes.js';
import { parseRegex } from './regex/parse-regex.js';
import { schemaShape } from './schema/schema-shape.js';
import { atOnce, createWork, type Turns } from './work.js';

/**
 * An answer that is JSON and meets a schema. docs/constrained-output.md has the keywords.
 *
 * @param schema JSON Schema (draft 2020-12): an object, or true or false
 * @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` with the keyword that is not enforced, `BAD_PATTERN`,
 *   `LIMIT_EXCEEDED`
 * @see https://json-schema.org/draft/2020-12
 * @example
 * const constraint = jsonSchema({ type: 'object', properties: { name: { type: 'string' } }, required: ['name'] });
 * for await (const event of generate(model, prompt, { constraint })) if (event.type === 'token') show(event.text);
 */
export function jsonSchema(schema: unknown): Constraint {
  return atOnce(compileSchema(schema));
}

/**
 * The same constraint, compiled in turns of some ten milliseconds with whatever else the process does. Reading the document is one
 * turn, however long: a third of a second for 24,000 properties. So is a single pattern or list of constants.
 *
 * @param schema as of {@link jsonSchema}
 * @throws ToolkitError what {@link jsonSchema} throws
 * @example const constraint = await jsonSchemaInTurns(largeSchema);
 */
export async function jsonSchemaInTurns(schema: unknown): Promise<Constraint> {
  const turns = compileSchema(schema);
  for (;;) {
    await nextTask();
    const { done, value } = turns.next();
    if (done === true) return value;
  }
}

function* compileSchema(schema: unknown): Turns<Constraint> {
  const lexemes = createLexemes();
  const work = createWork('schema');
  const shape = yield* schemaShape(schema, lexemes, work);
  return createConstraint(jsonGrammar(shape, lexemes, work));
}

/** An answer that is any one JSON value. */
export function jsonMode(): Constraint {
  const lexemes = createLexemes();
  return createConstraint(jsonGrammar(anyValueShape(lexemes), lexemes, createWork()));
}

/**
 * An answer that, as a whole, a regular expression matches: JavaScript's syntax with the flag `u`, without lookbehind,
 * back references, word boundaries and Unicode properties.
 *
 * @throws ToolkitError `BAD_PATTERN`, `LIMIT_EXCEEDED`
 * @example generate(model, 'The date is ', { constraint: regex('\\d{4}-\\d{2}-\\d{2}') })
 */
export function regex(pattern: string): Constraint {
  if (typeof pattern !== 'string') {
    throw new ToolkitError('INVALID_OPTION', `pattern of type ${typeof pattern}, expected a string`);
  }
  const dfa = regexDfa(parseRegex(pattern), undefined, createWork('pattern'));
  if (dfa !== null) return createConstraint(createSymbolTable().text(dfa));
  throw new ToolkitError('BAD_PATTERN', `pattern ${JSON.stringify(pattern)}: matches no text, expected one at least`, {
    suggestions: ['take out anchors within the pattern: it has to match the whole answer anyway'],
  });
}
