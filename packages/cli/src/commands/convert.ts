// llama convert: a model from any source this toolkit reads to any format it writes.

import { type ConvertResult, type ConvertTarget, convertModel } from '@llama-ts/exporter';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { withChosenKernels } from '../chosen-kernels.js';
import { convertFlags, targets, weightType } from '../convert-flags.js';
import { convertSummary } from '../convert-summary.js';
import { groupSizeFlag } from '../group-size-flag.js';
import { modelFlags, statedSettings } from '../model-flags.js';
import { openAnySource } from '../open-any-source.js';
import { readTokenizerBin } from '../read-tokenizer-bin.js';
import { showWriteProgress, type Written } from '../show-write-progress.js';
import { verboseFlag } from '../verbose-flag.js';

export default class Convert extends BaseCommand {
  static override description = 'Convert a model: from a .bin file, a folder or the hub to .bin, GGUF or safetensors';
  static override examples = [
    '<%= config.bin %> convert model.bin model.gguf --to gguf --type q8_0',
    '<%= config.bin %> convert meta-llama/Llama-3.2-1B-Instruct model.gguf --to gguf',
    '<%= config.bin %> convert model.bin ./folder --to safetensors',
    '<%= config.bin %> convert model-q8_0.bin model.bin --to v1',
  ];
  static override enableJsonFlag = true;
  static override args = {
    in: Args.string({
      description: '.bin file, folder of a checkpoint, id of a repository, or sample-model',
      required: true,
      ignoreStdin: true,
    }),
    out: Args.string({ description: 'file to write; for safetensors a folder', required: true, ignoreStdin: true }),
  };
  static override flags = {
    to: Flags.string({
      description: 'format: v0, v1, v2 (.bin), gguf for llama.cpp, safetensors for Hugging Face',
      options: targets,
      required: true,
    }),
    ...convertFlags,
    'group-size': groupSizeFlag(),
    plain: Flags.boolean({ description: 'no trailer behind v0, v1 and v2' }),
    tokenizer: modelFlags.tokenizer,
    'rope-theta': modelFlags['rope-theta'],
    'rope-scaling': modelFlags['rope-scaling'],
    revision: Flags.string({ description: 'branch, tag or commit of the repository; default main' }),
    token: Flags.string({ description: 'access token of the hub; better kept in HF_TOKEN' }),
    force: Flags.boolean({ description: 'replace OUT if it is there' }),
    verbose: verboseFlag(),
  };

  override async run(): Promise<Written<ConvertResult>> {
    const { args, flags } = await this.parse(Convert);
    const { revision, token } = flags;
    const note = (text: string): void => this.logToStderr(text);
    const source = await openAnySource(args.in, { revision, token, note, signal: this.signal });
    try {
      const options = {
        source,
        output: args.out,
        to: flags.to as ConvertTarget,
        type: weightType(flags.type),
        groupSize: flags['group-size'],
        maxShardBytes: flags['shard-size'],
        plain: flags.plain,
        settings: statedSettings(flags),
        tokenizer: flags.tokenizer === undefined ? undefined : await readTokenizerBin(flags.tokenizer, args.in),
        force: flags.force,
        signal: this.signal,
      };
      const result = await withChosenKernels((kernels) =>
        showWriteProgress(convertModel({ ...options, kernels }), this, { isVerbose: flags.verbose }),
      );
      for (const line of convertSummary(result)) this.log(line);
      return result;
    } finally {
      if (typeof source !== 'string') await source.close();
    }
  }
}
