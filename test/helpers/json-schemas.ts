// The schemas of what --json prints, and holding outputs against them.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';

const folder = fileURLToPath(new URL('../../packages/cli/schemas/', import.meta.url));
const verifySchema = createRequire(import.meta.url).resolve('@llama-ts/evaluate/schemas/verify-result.schema.json');
const ENDING = '.schema.json';

/** Validators by the name of the schema's file; that of `verify` comes with the library. */
const validators = new Map<string, ValidateFunction>();

/** Names of all schemas. */
export const schemaNames: readonly string[] = [...readdirSync(folder).map((file) => basename(file, ENDING)), 'verify'];

/** @throws AssertionError for an output that does not meet the schema of its command */
export function checkJsonOutput(args: readonly string[], stdout: string): void {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  if (!flags.includes('--json') || stdout === '') return;
  const output: unknown = parsed(stdout);
  if (output === undefined) return;
  const isError = typeof output === 'object' && output !== null && 'error' in output;
  const [command = ''] = args;
  const name = isError ? 'error' : command === 'run' && args.includes('chat') ? 'chat' : command;
  checkAgainst(name.startsWith('-') ? 'version' : name, output);
}

/** @throws AssertionError */
export function checkAgainst(name: string, value: unknown): void {
  assert(schemaNames.includes(name), `a schema of ${name}`);
  const validate = validators.get(name) ?? compile(name);
  assert(validate(value), `${name}: ${JSON.stringify(validate.errors, null, 2)}\n${JSON.stringify(value, null, 2)}`);
}

function compile(name: string): ValidateFunction {
  const path = name === 'verify' ? verifySchema : join(folder, `${name}${ENDING}`);
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
  validators.set(name, validate);
  return validate;
}

/** undefined for the beginning of a document, which an interrupted command may leave. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
