// llama tokenize: the tokens of a text.

import { commandLine } from '@llama-ts/base';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { retyped } from '../failure/retyped.js';
import { nameValues } from '../flags/flag-values.js';
import { tokenizerArgument, tokenizerFlag } from '../flags/tokenizer-flags.js';
import { givenPrompt } from '../input/prompt-to-continue.js';
import { readStdin } from '../input/read-stdin.js';
import { openTokenizer } from '../sources/open-tokenizer.js';

/** One token of a text. */
interface TokenReport {
  readonly id: number;
  /** A token that ends within a character has U+FFFD for what is not whole. */
  readonly text: string;
  readonly isSpecial: boolean;
}

/** Output of `--json`. */
interface TokenizeReport {
  readonly tokenizer: string;
  readonly text: string;
  readonly nTokens: number;
  readonly ids: readonly number[];
  readonly tokens: readonly TokenReport[];
}

export default class Tokenize extends BaseCommand {
  static override endsWithText = true;
  static override description = 'Show the tokens of a text; without MODEL, those of the bundled sample model';
  static override examples = [
    '<%= config.bin %> tokenize model.bin "Once upon a time"',
    '<%= config.bin %> tokenize ./Llama-3.2-1B "<|eot_id|>" --special --no-bos',
    'cat text.txt | <%= config.bin %> tokenize tokenizer.json --ids',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: tokenizerArgument,
    text: Args.string({ description: 'text; else --prompt, else what is piped in', ignoreStdin: true }),
  };
  static override flags = nameValues({
    prompt: Flags.string({ char: 'i', description: 'give TEXT as a flag, for use without MODEL' }),
    ...tokenizerFlag,
    ids: Flags.boolean({ description: 'print ids alone, one a line' }),
    special: Flags.boolean({ description: 'read names of special tokens in the text as the tokens; default as text' }),
    'no-bos': Flags.boolean({ description: 'leave out the begin-of-text token before the text' }),
    'show-count': Flags.boolean({ description: 'print the number of tokens at the end' }),
  });

  override async run(): Promise<TokenizeReport> {
    const { args, flags } = await this.parse(Tokenize);
    this.stopWithReader();
    const given = givenPrompt('tokenize', { ...args, flag: flags.prompt });
    const { name, tokenizer, prefixIds } = await openTokenizer(
      args.model,
      flags.tokenizer,
      given === null ? asText(args.model) : [],
    );
    const text = given ?? (await readStdin(this.signal)) ?? '';
    const encoded = tokenizer.encode(text, { specials: flags.special ? 'tokens' : 'text' });
    const hasBegin = flags['no-bos'] || prefixIds.every((id, i) => encoded[i] === id);
    const ids = hasBegin ? encoded : [...prefixIds, ...encoded];
    const tokens = ids.map((id) => ({ id, text: tokenizer.decode([id]), isSpecial: tokenizer.isSpecial(id) }));
    const width = Math.max(0, ...ids.map((id) => String(id).length));
    for (const token of tokens) {
      this.log(
        flags.ids
          ? `${token.id}`
          : `${String(token.id).padStart(width)}  ${shown(token.text, tokenizer.tokenBytes(token.id))}`,
      );
    }
    if (flags['show-count']) this.log(`${ids.length} tokens`);
    return { tokenizer: name, text, nTokens: ids.length, ids, tokens };
  }
}

/** A lone argument that is no model may be meant as the text. */
function asText(model = ''): string[] {
  return [`a text without a model: ${retyped(model, '-i', model) ?? commandLine(['llama', 'tokenize', '-i', model])}`];
}

/** The text in quotes, or its bytes if the token ends within a character. */
function shown(text: string, bytes: Uint8Array): string {
  if (Buffer.from(text).equals(bytes)) return JSON.stringify(text);
  return Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ');
}
