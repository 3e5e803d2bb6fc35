// llama embed: the embedding of a text, or of each line of a text.

import { ToolkitError } from '@llama-ts/base';
import { createEmbedder, type Pooling, poolings } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { nameValues } from '../flags/flag-values.js';
import { modelArgument } from '../flags/model-argument.js';
import { modelFlags, openNamedModel } from '../flags/model-flags.js';
import { givenPrompt } from '../input/prompt-to-continue.js';
import { readStdin } from '../input/read-stdin.js';

/** One text of the output. */
interface EmbeddedText {
  readonly text: string;
  readonly nTokens: number;
  /** (dim), of length 1; float32 */
  readonly vector: readonly number[];
}

/** Output of `--json`. */
interface EmbedReport {
  readonly model: string;
  readonly pooling: Pooling;
  readonly nDimensions: number;
  readonly embeddings: readonly EmbeddedText[];
}

const { tokenizer, context, threads, backend, mmap, yes } = modelFlags;

export default class Embed extends BaseCommand {
  static override endsWithText = true;
  static override description =
    'Print the embedding of a text, a vector of length 1; without MODEL, of the bundled sample model';
  static override examples = [
    '<%= config.bin %> embed model.bin "A cow says moo."',
    '<%= config.bin %> embed model.bin --lines < texts.txt > vectors.jsonl',
    '<%= config.bin %> embed model.bin "A cow says moo." --pooling last --json',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: modelArgument,
    text: Args.string({ description: 'text; else --prompt, else what is piped in', ignoreStdin: true }),
  };
  static override flags = nameValues({
    prompt: Flags.string({ char: 'i', description: 'give TEXT as a flag, for use without MODEL' }),
    lines: Flags.boolean({ description: 'embed each line of the text that is not empty' }),
    pooling: Flags.custom<Pooling>({
      description: 'make the vector of the mean over all tokens, the default, or of the last one',
      options: [...poolings],
    })(),
    special: Flags.boolean({ description: 'read names of special tokens in the text as the tokens; default as text' }),
    ...{ tokenizer, context, threads, backend, mmap, yes },
    'cache-type': modelFlags['cache-type'],
    'rope-theta': modelFlags['rope-theta'],
    'rope-scaling': modelFlags['rope-scaling'],
  });

  override async run(): Promise<EmbedReport> {
    const { args, flags } = await this.parse(Embed);
    this.stopWithReader();
    const given = givenPrompt('embed', { ...args, flag: flags.prompt });
    const text = given ?? (await readStdin(this.signal)) ?? '';
    const texts = flags.lines ? linesOf(text) : [text];
    const model = await openNamedModel(args.model, flags, this.signal);
    try {
      for (const assumption of model.assumptions) this.logToStderr(assumption);
      const { pooling = 'mean', special } = flags;
      const found = await createEmbedder(model).embed(texts, {
        pooling,
        specials: special ? 'tokens' : 'text',
        signal: this.signal,
      });
      const embeddings = found.map(({ vector, nTokens }, i) => ({ text: texts[i]!, nTokens, vector: [...vector] }));
      for (const { vector } of embeddings) this.logWhole(JSON.stringify(vector));
      const { dim: nDimensions } = model.header.dimensions;
      return { model: args.model ?? sampleModelName, pooling, nDimensions, embeddings };
    } finally {
      await model.close();
    }
  }
}

/** @throws ToolkitError `BAD_TEXT` */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > 0) return lines;
  throw new ToolkitError('BAD_TEXT', 'a text without a line, expected one text a line to embed');
}
