// The text that a model is measured on: the one that was named, or for exports of the sample model the one that comes with it.

import { commandLine, shellQuote, ToolkitError } from '@llama-ts/base';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName, sampleTextPath } from '@llama-ts/sample-model';

/** Suggested part of a text that is too long. */
export function partOf(text: string): string {
  return `take a part of it instead: head -c 1000000 ${shellQuote(text)} > part.txt`;
}

/**
 * The held-out stories, for any export of the sample model.
 *
 * @param name of the model's file, for the suggestion
 * @throws ToolkitError `USAGE`
 */
export function textOfSample(model: Model, name: string): string {
  if (model.description?.provenance.source === sampleModelName) return sampleTextPath;
  throw new ToolkitError('USAGE', 'expected --text FILE, a text to measure on', {
    suggestions: [commandLine(['llama', 'eval', name, '--text', sampleTextPath]), 'llama eval'],
  });
}
