// The error of a chat template: it does not parse, does not render, or refuses the messages (`raise_exception`).

import { ToolkitError } from '@llama-ts/format';
import { TemplateFault } from './jinja/errors.js';

const ROLES = 'change roles, their order or tools to what the template accepts, then run the same command again';

/** @throws what is no failure of a template */
export function templateError(cause: unknown): ToolkitError {
  return new ToolkitError('TEMPLATE_ERROR', `chat template: ${problemOf(cause)}`, { suggestions: [ROLES], cause });
}

function problemOf(cause: unknown): string {
  if (cause instanceof TemplateFault) return cause.message === '' ? 'it failed without saying why' : cause.message;
  // JavaScript's stack, should a template get past the levels that are counted.
  if (cause instanceof RangeError) return 'it nests too deep';
  throw cause;
}
