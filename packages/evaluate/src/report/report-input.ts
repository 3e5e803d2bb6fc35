// Reads the JSON of `llama verify` and `llama eval` back, as far as the report page uses it.

import { basename, dirname, joinPath, shellQuote, ToolkitError } from '@llama-ts/base';
import type { VerifyResult } from '../verify/verify-result.js';
import type { ReportEvaluation } from './eval-section.js';

/** The schema of a value: `?` also takes null, a list of one schema means an array of such values. */
type Schema = 'string' | 'number' | 'boolean' | 'number?' | 'boolean?' | readonly [Schema] | Fields | Optional;
type Fields = { readonly [name: string]: Schema };

/** An object that may be null. */
class Optional {
  constructor(readonly fields: Schema) {}
}

const figures = { maxError: 'number', rmse: 'number', snr: 'number?', cosine: 'number', beyond: 'number' } as const;
const estimate = { value: 'number', standardError: 'number' } as const;
const worstGroup = new Optional({ group: 'number', row: 'number', column: 'number' });

const verifySchema: Schema = {
  model: {
    path: 'string',
    byteLength: 'number',
    version: 'number?',
    groupSize: 'number?',
    nParameters: 'number?',
    hasChecksums: 'boolean?',
  },
  against: new Optional({ name: 'string' }),
  findings: [{ code: 'string', message: 'string' }],
  tensors: [
    {
      name: 'string',
      layer: 'number?',
      dtype: 'string',
      shape: ['number'],
      byteLength: 'number',
      errors: new Optional({ ...figures, worstGroup }),
      scales: [{ from: 'number', count: 'number' }],
    },
  ],
  overall: new Optional(figures),
  checks: [{ subject: 'string', bound: 'string', limit: 'number', found: 'number?', passed: 'boolean' }],
  passed: 'boolean',
};

const evaluationSchema: Schema = {
  nTokens: 'number',
  perplexity: estimate,
  divergence: new Optional({
    baselinePerplexity: estimate,
    perplexityRatio: estimate,
    kl: { mean: estimate, median: 'number', p95: 'number', p999: 'number', max: 'number' },
    topAgreement: estimate,
  }),
  along: { nll: ['number'], kl: new Optional(['number']) },
  worst: [
    {
      index: 'number',
      before: 'string',
      token: 'string',
      nll: 'number',
      top: 'string',
      baseline: new Optional({ kl: 'number', top: 'string' }),
    },
  ],
  tokensPerSecond: 'number',
  baselineTokensPerSecond: 'number?',
};

/**
 * Reads what `llama verify --json` printed.
 *
 * @param path where the text comes from, for messages
 * @throws ToolkitError `BAD_REPORT`
 */
export function parseVerifyResult(text: string, path: string): VerifyResult {
  const result = parse(text, verifySchema, path, 'verify') as VerifyResult;
  // JSON has no infinities: the ratio of an exact copy is null there, and that of errors where the source holds zeros alone.
  const restore = <T extends { readonly snr: number | null; readonly maxError: number }>(of: T | null) =>
    of && { ...of, snr: of.snr ?? (of.maxError === 0 ? Infinity : -Infinity) };
  const tensors = result.tensors.map((tensor) => ({ ...tensor, errors: restore(tensor.errors) }));
  const checks = result.checks.map((check) => ({
    ...check,
    found: (check.found as number | null) ?? infinityOf(check),
  }));
  return { ...result, tensors, checks, overall: restore(result.overall) };
}

/** The infinity that a check found: the one on the side of the bound it came out on. */
function infinityOf({ bound, passed }: { readonly bound: string; readonly passed: boolean }): number {
  return bound.startsWith('min-') === passed ? Infinity : -Infinity;
}

/**
 * Reads what `llama eval --json` printed.
 *
 * @param path where the text comes from, for messages
 * @throws ToolkitError `BAD_REPORT`
 */
export function parseEvaluation(text: string, path: string): ReportEvaluation {
  return parse(text, evaluationSchema, path, 'eval') as ReportEvaluation;
}

function parse(text: string, schema: Schema, path: string, command: 'verify' | 'eval'): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad(path, `no JSON (${(cause as Error).message})`, command, cause);
  }
  const wrong = findWrong(value, schema, '');
  if (wrong !== null) throw bad(path, wrong, command);
  return value;
}

/** The first value that does not match the schema, in words; null for none. */
function findWrong(value: unknown, schema: Schema, where: string): string | null {
  if (schema instanceof Optional) return value === null ? null : findWrong(value, schema.fields, where);
  if (typeof schema === 'string') {
    const kind = schema.replace('?', '');
    const fits = typeof value === kind || (value === null && kind !== schema);
    return fits ? null : `${where || 'the document'} is ${typeof value}, expected a ${kind}`;
  }
  if (isList(schema)) {
    if (!Array.isArray(value)) return `${where} is no array`;
    return firstOf(value.map((item, i) => findWrong(item, schema[0], `${where}[${i}]`)));
  }
  if (typeof value !== 'object' || value === null) return `${where || 'the document'} is no object`;
  const fields = value as Record<string, unknown>;
  return firstOf(
    Object.entries(schema).map(([name, of]) => findWrong(fields[name], of, where ? `${where}.${name}` : name)),
  );
}

function isList(schema: Fields | readonly [Schema]): schema is readonly [Schema] {
  return Array.isArray(schema);
}

function firstOf(found: readonly (string | null)[]): string | null {
  return found.find((wrong) => wrong !== null) ?? null;
}

function bad(path: string, problem: string, command: 'verify' | 'eval', cause?: unknown): ToolkitError {
  const text = command === 'eval' ? ' --text TEXT.txt' : '';
  // What the file holds instead may be dear to the user.
  const fresh = joinPath(
    dirname(path),
    basename(path) === `${command}.json` ? `new-${command}.json` : `${command}.json`,
  );
  return new ToolkitError('BAD_REPORT', `${path}: ${problem}, expected what llama ${command} --json prints`, {
    suggestions: [`make one: llama ${command} MODEL.bin${text} --json > ${shellQuote(fresh)}`],
    cause,
  });
}
