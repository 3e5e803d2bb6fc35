// Flags of the options of an answer. Description, default and range come from the runtime's answerFields.

import { type AnswerField, answerFields, type FieldOption, type NumberKind } from '@llama-ts/runtime';
import { Flags } from '@oclif/core';
import { decimal, integer } from './number-flags.js';

type Fields = typeof answerFields;
/** Options whose values are numbers. */
type NumberOption = { [Name in FieldOption]: Fields[Name]['kind'] extends NumberKind ? Name : never }[FieldOption];

/** Parts of a flag beyond its declaration. */
interface FlagExtras {
  readonly char?: 'n' | 'p' | 't';
  readonly dependsOn?: string[];
  /** Follows the description. */
  readonly note?: string;
}

/** The flag of an option that is a number. */
export function numberFlag(option: NumberOption, { note, ...extras }: FlagExtras = {}) {
  const { kind } = answerFields[option];
  return Flags.custom<number>({
    ...extras,
    description: note === undefined ? fieldHelp(option) : `${fieldHelp(option)}; ${note}`,
    parse: kind.isWhole ? integer(kind) : decimal(kind),
  })();
}

/** Description and default of an option: `sample from the N most probable tokens; default the model's, else 0`. */
export function fieldHelp(option: FieldOption): string {
  const { description, fallback, hasModelDefault = false }: AnswerField = answerFields[option];
  if (fallback === null) return description;
  return `${description}; default ${hasModelDefault ? "the model's, else " : ''}${fallback}`;
}
