// The error of a chat template: it does not parse, does not render, or refuses the messages (`raise_exception`).

import { ToolkitError } from '@llama-ts/base';
import { TemplateFault } from './jinja/errors.js';

/** A message that a template raises can be as long as a conversation. */
const MAX_MESSAGE = 2_000;
const ROLES = 'change roles, their order or tools to what the template accepts, then run the same command again';

/** @throws any error that is not the template's */
export function templateError(cause: unknown): ToolkitError {
  return new ToolkitError('TEMPLATE_ERROR', `chat template: ${problemOf(cause)}`, { suggestions: [ROLES], cause });
}

function problemOf(cause: unknown): string {
  if (cause instanceof TemplateFault)
    return cause.message === '' ? 'it failed without saying why' : shortened(cause.message);
  // A stack overflow, if a template gets around the counted levels.
  if (cause instanceof RangeError) return 'it nests too deep';
  throw cause;
}

function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
}
