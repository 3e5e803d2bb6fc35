// Errors as OpenAI's API writes them: a status, and {error: {message, type, code, param}}.

import { type ErrorCode, type ErrorKind, isToolkitError, type ToolkitError } from '@llama-ts/base';
import { BadRequest } from '@llama-ts/runtime';

/** An error of the server's own, not of the runtime. */
export class HttpError extends Error {
  readonly status: number;
  /** The code that programs read: `invalid_api_key`, `unknown_field`, … */
  readonly code: string;
  /** The field at fault, such as `messages[0].content`; null for the request as a whole. */
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, { param = null, headers = {} }: HttpErrorOptions = {}) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.param = param;
    this.headers = headers;
  }
}

interface HttpErrorOptions {
  readonly param?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of an error. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
  };
}

/** When a client may try again, in seconds: a place in the queue is free as soon as an answer ends. */
const RETRY_SECONDS = 1;

const statusByKind: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  input: 400,
  limit: 400,
  authorisation: 401,
  network: 500,
  disk: 500,
  internal: 500,
  ended: 503,
};

/** Status of errors that are not the request's fault: the server is busy or ends, or the model computes NaN. */
const statusByCode: Partial<Record<ErrorCode, number>> = {
  QUEUE_FULL: 429,
  ENGINE_CLOSED: 503,
  MODEL_CLOSED: 503,
  NON_FINITE: 500,
};

/** Codes that OpenAI's clients know by another name. */
const openaiCodes: Partial<Record<ErrorCode, string>> = {
  CONTEXT_EXCEEDED: 'context_length_exceeded',
  QUEUE_FULL: 'rate_limit_exceeded',
};

const typeByStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

/** Any error as one that a client gets. A fault's own words stay in the log: they may name files. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const status = isToolkitError(error) ? statusOf(error) : 500;
  if (!isToolkitError(error) || status === 500) {
    return new HttpError(500, 'internal_error', 'the server failed to answer; its log says why, under x-request-id');
  }
  const code = openaiCodes[error.code] ?? error.code.toLowerCase();
  const headers = status === 429 || status === 503 ? { 'retry-after': String(RETRY_SECONDS) } : {};
  return new HttpError(status, code, error.message, {
    param: error instanceof BadRequest ? error.field : null,
    headers,
  });
}

/** HTTP status of a failure of the toolkit. */
function statusOf({ code, kind }: ToolkitError): number {
  return statusByCode[code] ?? statusByKind[kind];
}

/** What a client reads of an error. */
export function errorBody({ status, message, code, param }: HttpError): ErrorBody {
  const type = typeByStatus[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
  return { error: { message, type, code, param } };
}
