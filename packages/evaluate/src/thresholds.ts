// The thresholds file: the bounds of a model's gates in one JSON file, to be kept with the build that uses them.

import { isJsonTooDeep, isObject, MAX_JSON_DEPTH, matchesName, readWholeFile, ToolkitError } from '@llama-ts/base';
import type { Bounds } from './gate.js';

/** Bounds for the tensors whose whole name a pattern matches: `*` stands for any characters, `?` for one. */
export interface TensorRule {
  readonly pattern: string;
  readonly bounds: Bounds;
}

/**
 * The content of a thresholds file: `{"verify": {"*": {"min-snr": 35}}, "eval": {"max-kl": 0.01}}`; both parts are optional.
 */
export interface Thresholds {
  /** In the order of the file. */
  readonly verify: readonly TensorRule[];
  readonly eval: Bounds;
}

const sections = ['verify', 'eval'];

/**
 * Reads a thresholds file.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `BAD_THRESHOLDS`
 */
export async function readThresholds(path: string): Promise<Thresholds> {
  const bytes = await readWholeFile(path).catch((cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such thresholds file`, { cause });
  });
  return parseThresholds(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), path);
}

/**
 * Parses the text of a thresholds file. Whether the bounds name figures is for their user to check.
 *
 * @throws ToolkitError `BAD_THRESHOLDS`
 */
export function parseThresholds(text: string, path: string): Thresholds {
  const root = objectOf(parseJson(text, path), path, 'the file');
  const stray = Object.keys(root).find((name) => !sections.includes(name));
  if (stray !== undefined) throw bad(path, `section ${JSON.stringify(stray)}, expected "verify" or "eval"`);
  const rules = Object.entries(objectOf(root.verify ?? {}, path, 'verify'));
  return {
    verify: rules.map(([pattern, bounds]) => ({ pattern, bounds: boundsOf(bounds, path, `verify ${pattern}`) })),
    eval: boundsOf(root.eval ?? {}, path, 'eval'),
  };
}

/** The bounds of one tensor: those of every rule that matches, where a later rule's bound takes an earlier one's place. */
export function boundsFor(name: string, rules: readonly TensorRule[]): Bounds {
  return Object.assign({}, ...rules.filter(({ pattern }) => matchesName(pattern, name)).map(({ bounds }) => bounds));
}

/**
 * Refuses a rule that matches no tensor: it would guard nothing.
 *
 * @throws ToolkitError `BAD_THRESHOLDS`
 */
export function checkRulesMatch(rules: readonly TensorRule[], names: readonly string[], path: string): void {
  const idle = rules.find((rule) => !names.some((name) => matchesName(rule.pattern, name)));
  if (idle === undefined) return;
  throw bad(path, `pattern ${JSON.stringify(idle.pattern)} matches no tensor, expected names like ${names[0]}`);
}

function parseJson(text: string, path: string): unknown {
  // A value nested deeper could not be shown in an error.
  if (isJsonTooDeep(new TextEncoder().encode(text)))
    throw bad(path, `nested deeper than ${MAX_JSON_DEPTH}, expected at most 3`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bad(path, `no JSON (${(cause as Error).message}), expected an object with "verify" and "eval"`);
  }
}

function boundsOf(value: unknown, path: string, what: string): Bounds {
  const bounds = objectOf(value, path, what);
  for (const [name, limit] of Object.entries(bounds)) {
    if (typeof limit !== 'number') throw bad(path, `${what}: ${name} is ${JSON.stringify(limit)}, expected a number`);
  }
  return bounds as Bounds;
}

function objectOf(value: unknown, path: string, what: string): Record<string, unknown> {
  if (isObject(value)) return value;
  throw bad(path, `${what} is ${JSON.stringify(value)}, expected an object`);
}

function bad(path: string, message: string): ToolkitError {
  return new ToolkitError('BAD_THRESHOLDS', `${path}: ${message}`, {
    suggestions: [
      `compare with one that works: echo '{"verify": {"*": {"min-snr": 35}}, "eval": {"max-kl": 0.01}}' > example.json`,
    ],
  });
}
