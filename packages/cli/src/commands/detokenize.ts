// llama detokenize: the text of token ids.

import { commandLine, ToolkitError } from '@llama-ts/base';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { nameValues } from '../flags/flag-values.js';
import { numberOf } from '../flags/number-flags.js';
import { tokenizerArgument, tokenizerFlag } from '../flags/tokenizer-flags.js';
import { readStdin } from '../input/read-stdin.js';
import { openTokenizer } from '../sources/open-tokenizer.js';
import { visible } from '../terminal/terminal-safe.js';

/** Output of `--json`. */
interface DetokenizeReport {
  readonly tokenizer: string;
  readonly ids: readonly number[];
  readonly text: string;
}

export default class Detokenize extends BaseCommand {
  static override description = 'Show the text of token ids; without MODEL, by the bundled sample model';
  static override examples = [
    '<%= config.bin %> detokenize model.bin 128000 12805 5304',
    '<%= config.bin %> tokenize model.bin "Once upon a time" --ids | <%= config.bin %> detokenize model.bin',
  ];
  static override enableJsonFlag = true;
  static override strict = false;
  static override args = {
    model: tokenizerArgument,
    ids: Args.string({ description: 'ids of tokens; else what is piped in', ignoreStdin: true }),
  };
  static override usage = 'detokenize [MODEL] [ID...] [FLAGS]';
  static override flags = nameValues({
    ...tokenizerFlag,
    'skip-special': Flags.boolean({ description: 'leave special tokens out, rather than showing their names' }),
  });

  override async run(): Promise<DetokenizeReport> {
    const { flags } = await this.parse(Detokenize);
    this.stopWithReader();
    const words = this.texts;
    const hasModel = words[0] !== undefined && !isIds(words[0]);
    const model = hasModel ? words[0] : undefined;
    const { name, tokenizer } = await openTokenizer(model, flags.tokenizer);
    const given = words.slice(hasModel ? 1 : 0).join(' ');
    const ids = readIds(given === '' ? ((await readStdin(this.signal)) ?? '') : given, model);
    const bytes = tokenizer.decodeBytes(ids, { skipSpecial: flags['skip-special'] });
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    if (!this.jsonEnabled()) {
      process.stdout.write(process.stdout.isTTY ? visible(text) : bytes);
      process.stdout.write('\n');
    }
    return { tokenizer: name, ids, text };
  }
}

/** Whether a word can only be ids, and not the name of a model. */
function isIds(word: string): boolean {
  return /^[[\]\d,\s]+$/.test(word);
}

/** Ids between spaces, line ends, commas and brackets. @throws ToolkitError `USAGE` */
function readIds(text: string, model: string | undefined): number[] {
  return text
    .split(/[\s,[\]]+/)
    .filter((word) => word !== '')
    .map((word) => {
      const id = numberOf(word);
      if (Number.isSafeInteger(id) && id >= 0) return id;
      throw new ToolkitError('USAGE', `${JSON.stringify(word)}: expected the id of a token, a whole number from 0`, {
        suggestions: [`${commandLine(['llama', 'tokenize', ...(model === undefined ? ['-i'] : [model]), word])} --ids`],
      });
    });
}
