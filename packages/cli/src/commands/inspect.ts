// llama inspect: what a .bin file, a safetensors file or a checkpoint folder holds.

import { inspectPath, type PathDescription } from '@llama-ts/exporter';
import { createTokenizer, findTurnEnd } from '@llama-ts/runtime';
import { Args } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { checkModelFile } from '../check-model-file.js';
import { descriptionLines } from '../description-lines.js';

export default class Inspect extends BaseCommand {
  static override description = 'Describe a .bin file, a safetensors file or a checkpoint folder';
  static override examples = ['<%= config.bin %> inspect model.bin', '<%= config.bin %> inspect model.bin --json'];
  static override enableJsonFlag = true;
  static override args = {
    file: Args.string({ description: 'file or folder', required: true, ignoreStdin: true }),
  };

  override async run(): Promise<PathDescription> {
    const { args } = await this.parse(Inspect);
    await checkModelFile(args.file, { isFolderFine: true });
    const description = await inspectPath(args.file, {
      signal: this.signal,
      findTurnEnd: (data, template, bosId) => {
        const tokenizer = createTokenizer(data);
        const bosToken = tokenizer.specialTokens.find(({ id }) => id === bosId)?.name;
        return findTurnEnd(tokenizer, template, { bosToken });
      },
    });
    for (const line of descriptionLines(description)) this.log(line);
    return description;
  }
}
