// Makes a model that a command is to open, and says what it does.

import { printNotice } from '../terminal/print-notice.js';
import type { LocatedModel } from './locate-model.js';
import { madeLine, makeModel } from './make-model.js';
import type { MakeOptions } from './origin.js';

/** How to make it. */
export interface MakeNamedOptions extends Omit<MakeOptions, 'reporter' | 'isUpdate'> {
  readonly isSilent: boolean;
}

/** Makes a model and returns the path of its file. @throws ToolkitError what makeModel throws */
export async function makeNamedModel(
  { store, name }: Extract<LocatedModel, { kind: 'unmade' }>,
  { isSilent, ...options }: MakeNamedOptions,
): Promise<string> {
  const print = (text: string): void => {
    if (!isSilent) printNotice(text);
  };
  const reporter = { log: print, logToStderr: print, warn: (text: string) => print(`llama: warning: ${text}`) };
  const made = await makeModel(store, name, { ...options, reporter });
  print(madeLine(made));
  return made.path;
}
