// Settings of a model: those that the caller states, then those of the file, then those assumed of its dimensions.

import {
  type AssumedSettings,
  type BinFile,
  type BoundaryTokens,
  completeSettings,
  type ForwardSettings,
} from '@llama-ts/format';
import { templateEndToken } from '../chat-template/turn-end.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { OpenModelOptions } from './open-model-options.js';

/** The parts of a model's settings. */
export interface SettingsSource {
  /** Name in messages. */
  readonly name: string;
  readonly file: BinFile;
  /** null for a file that holds settings, and for dimensions of no published model. */
  readonly assumed: AssumedSettings | null;
  readonly options: OpenModelOptions;
  readonly tokenizer: Tokenizer | null;
  readonly chatTemplate: string | null;
}

/** @throws ToolkitError `SETTINGS_UNKNOWN` */
export function modelSettings(source: SettingsSource): ForwardSettings & BoundaryTokens {
  const { name, file, assumed, options, tokenizer, chatTemplate } = source;
  const known = file.trailer?.description ?? assumed;
  const settings = completeSettings(file.header.dimensions, { known, stated: options.settings, name });
  if (options.settings?.eosIds !== undefined) return settings;
  return withTurnEnd(settings, tokenizer, chatTemplate, file.trailer?.description.templateTokens);
}

/** Files of older versions and of some fine-tunes do not name the token with which the template ends an answer. */
function withTurnEnd(
  settings: ForwardSettings & BoundaryTokens,
  tokenizer: Tokenizer | null,
  chatTemplate: string | null,
  templateTokens: Readonly<Record<string, string>> | undefined,
): ForwardSettings & BoundaryTokens {
  if (tokenizer === null || chatTemplate === null) return settings;
  const id = templateEndToken(tokenizer, { chatTemplate, templateTokens, bosId: settings.bosId });
  const isNew = id !== null && !settings.eosIds.includes(id);
  return isNew ? { ...settings, eosIds: [...settings.eosIds, id] } : settings;
}

/** Assumptions about settings that the file does not hold, one sentence each. */
export function describeAssumptions(assumed: AssumedSettings | null, settings: ForwardSettings): string[] {
  if (assumed === null) return [];
  const scaling = settings.ropeScaling === null ? 'no scaling' : `llama3 scaling by ${settings.ropeScaling.factor}`;
  return [
    `the file holds no settings; its dimensions are those of ${assumed.preset}`,
    `RoPE base ${settings.ropeTheta} with ${scaling}, norm epsilon ${settings.normEpsilon}`,
  ];
}
