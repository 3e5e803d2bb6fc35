// llama inspect: what a .bin file, a GGUF file, a safetensors file or a checkpoint folder holds.

import { inspectPath, type PathDescription } from '@llama-ts/exporter';
import { createTokenizer, templateEndToken } from '@llama-ts/runtime';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { descriptionLines } from '../output/description-lines.js';
import { checkModelFile } from '../sources/check-model-file.js';

export default class Inspect extends BaseCommand {
  static override description = 'Describe a .bin file, a GGUF file, a safetensors file or a checkpoint folder';
  static override examples = [
    '<%= config.bin %> inspect model.bin',
    '<%= config.bin %> inspect model.bin --tensors',
    '<%= config.bin %> inspect model.bin --json',
  ];
  static override enableJsonFlag = true;
  static override args = {
    file: Args.string({ description: 'file or folder', required: true, ignoreStdin: true }),
  };
  static override flags = {
    tensors: Flags.boolean({ description: 'list every tensor too; --json always does' }),
  };

  override async run(): Promise<PathDescription> {
    const { args, flags } = await this.parse(Inspect);
    await checkModelFile(args.file, { isFolderFine: true });
    const description = await inspectPath(args.file, {
      signal: this.signal,
      findTurnEnd: (data, end) => templateEndToken(createTokenizer(data), end),
    });
    for (const line of descriptionLines(description, this.columns, flags)) this.log(line);
    return description;
  }
}
