// A template of Jinja as chat templates use it: parsed once, rendered with the variables of a conversation.

import { compileBody } from './compile-statement.js';
import { createEnvironment } from './environment.js';
import { fault } from './errors.js';
import type { Execute } from './execution.js';
import { createGlobals } from './globals.js';
import { budgetFor, withBudget } from './meter.js';
import { Output } from './output.js';
import { parseTemplate } from './parse-statement.js';
import { Scope } from './scope.js';
import type { Text } from './text.js';
import type { Value } from './values.js';

/** Real templates have under 20,000; the same limit holds for the files of a checkpoint. */
const MAX_SOURCE = 1024 * 1024;

export interface RenderOptions {
  /** The time of `strftime_now`. */
  readonly now: Date;
  /** Characters of the conversation: what a template may do grows with it. */
  readonly nCharacters: number;
}

/** A parsed template. */
export interface Template {
  /** @throws TemplateFault */
  render(variables: () => ReadonlyMap<string, Value>, options: RenderOptions): Text;
}

/** @throws TemplateFault SyntaxError, Limit */
export function createTemplate(source: string): Template {
  if (source.length > MAX_SOURCE) fault('Limit', `it has ${source.length} characters, expected at most ${MAX_SOURCE}`);
  const execute: Execute = withBudget(budgetFor(0), () => compileBody(parseTemplate(source).body, false));
  return {
    render(variables, { now, nCharacters }) {
      return withBudget(budgetFor(nCharacters), () => {
        const scope = new Scope(createEnvironment(createGlobals(now)));
        for (const [name, value] of variables()) scope.set(name, value);
        const output = new Output();
        execute(scope, output);
        return output.text();
      });
    },
  };
}
