// Tools for a template that does not read them would be dropped in silence.

import { chosenTemplate, type Model, type TemplateChoice } from '@llama-ts/runtime';
import { HttpError } from '../wire/http-error.js';

/** @throws HttpError 400 */
export function checkToolTemplate(model: Model, choice: TemplateChoice): void {
  if (choice.tools === undefined || /\btools\b/.test(chosenTemplate(model, choice) ?? '')) return;
  throw new HttpError(400, 'tools_not_supported', "tools: the model's chat template does not read them", {
    param: 'tools',
  });
}
