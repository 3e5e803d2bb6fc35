// The chat templates of a checkpoint besides the default one, and their variables.

import type { FieldReader } from './field-reader.js';

/** Both are left out where empty; files of older versions have neither. */
export interface TemplateFacts {
  /** Other templates by their names, such as `tool_use` and `rag`. */
  readonly namedTemplates?: Readonly<Record<string, string>> | undefined;
  /**
   * Special tokens by the variables of a template, such as `eos_token`, where they are others than the name of `bosId`
   * and `<|eot_id|>`.
   */
  readonly templateTokens?: Readonly<Record<string, string>> | undefined;
}

/** Only the fields of {@link TemplateFacts}, in canonical order; empty ones are left out. */
export function templateFacts({ namedTemplates = {}, templateTokens = {} }: TemplateFacts): TemplateFacts {
  return {
    ...(Object.keys(namedTemplates).length === 0 ? {} : { namedTemplates: inOrder(namedTemplates) }),
    ...(Object.keys(templateTokens).length === 0 ? {} : { templateTokens: inOrder(templateTokens) }),
  };
}

/** One order of names, so that equal records are equal texts. */
function inOrder(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @throws ToolkitError `BAD_TRAILER` */
export function decodeTemplateFacts(root: FieldReader): TemplateFacts {
  return {
    ...root.optional('namedTemplates', () => root.record('namedTemplates')),
    ...root.optional('templateTokens', () => root.record('templateTokens')),
  };
}
