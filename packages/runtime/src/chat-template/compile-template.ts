// Parses a chat template once per tokenizer, with the special names in it marked.

import { Template } from '@huggingface/jinja';
import { createNameFinder } from '../tokenizer/name-finder.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { dropMarks, markName, markPosition, unmarkName } from './marks.js';
import { templateError } from './template-error.js';

/** A run of what a template rendered: a control token, or text. */
export type ChatRun = { readonly special: string } | { readonly text: string };

/** Renders a template with variables that hold no marks of the user's. */
export type CompiledTemplate = (variables: Record<string, unknown>) => ChatRun[];

/** A process talks to few models, each with one template or a handful. */
const MAX_TEMPLATES = 16;

const compiled = new WeakMap<Tokenizer, Map<string, CompiledTemplate>>();

/** @throws ToolkitError TEMPLATE_ERROR when the template does not parse, or puts control tokens together from parts */
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
  const names = tokenizer.specialTokens.map(({ name }) => name);
  const findNames = createNameFinder(names);
  const findMarked = createNameFinder(names.map(markName));
  const template = parse(markNames(source));

  function render(variables: Record<string, unknown>): ChatRun[] {
    try {
      return cut(template.render(variables));
    } catch (error) {
      throw templateError(error);
    }
  }

  function parse(marked: string): Template {
    if (markPosition(source) >= 0) throw templateError(new Error('it holds U+FDD0 or U+FDD1, which are reserved'));
    try {
      return new Template(marked);
    } catch (error) {
      throw templateError(error);
    }
  }

  function markNames(text: string): string {
    let marked = '';
    let end = 0;
    for (const found of findNames(text)) {
      marked += text.slice(end, found.start) + markName(found.name);
      end = found.end;
    }
    return marked + text.slice(end);
  }

  function cut(rendered: string): ChatRun[] {
    const runs: ChatRun[] = [];
    let end = 0;
    const addText = (text: string) => {
      if (text !== '') runs.push({ text });
    };
    for (const found of findMarked(rendered)) {
      addText(dropMarks(rendered.slice(end, found.start)));
      runs.push({ special: unmarkName(found.name) });
      end = found.end;
    }
    addText(dropMarks(rendered.slice(end)));
    return runs;
  }

  refuseAssembledNames(render, findNames);
  return render;
}

/**
 * A template may write `'<|' + role + '|>'` and mean a control token. Nothing tells such a name from one that a user
 * put together, so it would be encoded as text and the model would see a prompt it does not know: better refused.
 * Conversations that say nothing show such names; one that the template does not take shows nothing.
 */
function refuseAssembledNames(render: CompiledTemplate, findNames: ReturnType<typeof createNameFinder>): void {
  const turns = ['user', 'assistant', 'user'].map((role) => ({ role, content: 'x' }));
  for (const messages of [turns, [{ role: 'system', content: 'x' }, ...turns]]) {
    for (const run of tryRender(render, { messages, add_generation_prompt: true })) {
      if (!('text' in run)) continue;
      for (const { name } of findNames(run.text)) {
        throw templateError(
          new Error(`it puts the control token ${name} together from parts, expected it in one piece`),
        );
      }
    }
  }
}

function tryRender(render: CompiledTemplate, variables: Record<string, unknown>): ChatRun[] {
  try {
    return render({ bos_token: '', eos_token: '', date_string: '01 Jan 2026', tools: null, ...variables });
  } catch {
    return [];
  }
}
