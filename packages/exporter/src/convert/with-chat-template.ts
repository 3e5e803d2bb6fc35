// Puts a chat template in the place of those that a source has.

import type { TemplateFacts } from '@llama-ts/format';

/** A source with chat templates. */
interface Templated extends TemplateFacts {
  readonly chatTemplate: string | null;
}

/** The source with `chatTemplate` as its only template; the unchanged source if none is given. */
export function withChatTemplate<T extends Templated>(source: T, chatTemplate: string | undefined): T {
  return chatTemplate === undefined ? source : { ...source, chatTemplate, namedTemplates: undefined };
}
