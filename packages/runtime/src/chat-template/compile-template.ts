// Parses a chat template once per tokenizer, and cuts what it renders into control tokens and text.

import { createNameFinder } from '../tokenizer/name-finder.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createTemplate, type RenderOptions } from './jinja/template.js';
import type { Text } from './jinja/text.js';
import type { Value } from './jinja/values.js';
import { templateError } from './template-error.js';

/** A run of what a template rendered: a control token, or text. */
export type ChatRun = { readonly special: string } | { readonly text: string };

/** Renders a template. */
export type CompiledTemplate = (variables: () => ReadonlyMap<string, Value>, options: RenderOptions) => ChatRun[];

/** A process uses few models, each with few templates. */
const MAX_TEMPLATES = 16;

const compiled = new WeakMap<Tokenizer, Map<string, CompiledTemplate>>();

/** @throws ToolkitError TEMPLATE_ERROR when the template does not parse */
export function compileTemplate(tokenizer: Tokenizer, source: string): CompiledTemplate {
  const templates = compiled.get(tokenizer) ?? new Map<string, CompiledTemplate>();
  compiled.set(tokenizer, templates);
  let template = templates.get(source);
  if (template === undefined) {
    template = compile(tokenizer, source);
    if (templates.size >= MAX_TEMPLATES) templates.clear();
    templates.set(source, template);
  }
  return template;
}

function compile(tokenizer: Tokenizer, source: string): CompiledTemplate {
  const findNames = createNameFinder(tokenizer.specialTokens.map(({ name }) => name));
  const template = attempt(() => createTemplate(source));
  return (variables, options) =>
    cut(
      attempt(() => template.render(variables, options)),
      findNames,
    );
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw templateError(error);
  }
}

/** Names of control tokens in the template's own text are control tokens; everything else is text, joined into runs. */
function cut(rendered: Text, findNames: ReturnType<typeof createNameFinder>): ChatRun[] {
  const runs: ChatRun[] = [];
  let pending = '';
  rendered.forEachRun((text, isTemplate) => {
    let end = 0;
    if (isTemplate) {
      for (const found of findNames(text)) {
        pending += text.slice(end, found.start);
        if (pending !== '') runs.push({ text: pending });
        pending = '';
        runs.push({ special: found.name });
        end = found.end;
      }
    }
    pending += text.slice(end);
  });
  if (pending !== '') runs.push({ text: pending });
  return runs;
}
