// Errors as Anthropic's API writes them: {type: "error", error: {type, message}}.

import type { HttpError } from '../wire/http-error.js';

/** The body of an error, and the event of one. */
export interface AnthropicErrorBody {
  readonly type: 'error';
  readonly error: { readonly type: string; readonly message: string };
}

const typeByStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
};

export function anthropicError({ status, message }: HttpError): AnthropicErrorBody {
  const type = typeByStatus[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message } };
}
