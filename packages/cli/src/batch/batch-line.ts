// A line of a file of prompts: a request, with an id to find its result by.

import { isObject } from '@llama-ts/base';
import { type AnswerRequest, BadRequest, type KnownConstraints, readRequest, shownValue } from '@llama-ts/runtime';

/** One request of a file of prompts. */
export interface BatchLine extends AnswerRequest {
  /** In the file, from 1. */
  readonly line: number;
  readonly id: string | number | null;
}

/**
 * @param constraints those of the lines before, which this one may share
 * @throws BadRequest
 */
export function parseBatchLine(text: string, line: number, constraints: KnownConstraints): BatchLine {
  const values = parseObject(text);
  const request = readRequest(values, { constraints, ownFields: ['id'] });
  const { id = null } = values;
  if (id === null || typeof id === 'string' || Number.isSafeInteger(id)) {
    return { line, id: id as string | number | null, ...request };
  }
  throw new BadRequest('id', `id ${shownValue(id)}, expected a text or a whole number`);
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadRequest(null, `no JSON (${(error as Error).message}), expected {"prompt": "…"}`);
  }
  if (isObject(value)) return value;
  throw new BadRequest(null, `${shownValue(value)}, expected an object: {"prompt": "…"}`);
}
