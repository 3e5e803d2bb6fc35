// The error of a chat template: it does not parse, does not render, or refuses the messages (`raise_exception`).

import { ToolkitError } from '@llama-ts/format';
import { dropMarks } from './marks.js';

export function templateError(cause: unknown): ToolkitError {
  const problem = cause instanceof Error && cause.message !== '' ? cause.message : 'it failed without saying why';
  return new ToolkitError('TEMPLATE_ERROR', `chat template: ${dropMarks(problem)}`, {
    suggestions: ["Check the messages' roles, their order and the tools against what the model's template accepts"],
    cause,
  });
}
