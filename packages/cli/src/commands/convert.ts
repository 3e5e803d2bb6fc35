// llama convert: a model from any source this toolkit reads to any format it writes.

import { type ConvertResult, type ConvertTarget, convertModel } from '@llama-ts/exporter';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { withChosenKernels } from '../environment/chosen-kernels.js';
import { calibrateFlag, readCalibration } from '../flags/calibrate-flag.js';
import { chatTemplateFlag, readChatTemplate } from '../flags/chat-template-flag.js';
import { convertFlags, targets, weightType } from '../flags/convert-flags.js';
import { fileFlag } from '../flags/file-flag.js';
import { nameValues } from '../flags/flag-values.js';
import { groupSizeFlag } from '../flags/group-size-flag.js';
import { modelFlags, statedSettings } from '../flags/model-flags.js';
import { statedFlags, statedSizes } from '../flags/stated-flags.js';
import { targetSizeFlag } from '../flags/target-size-flag.js';
import { typeRules, typesFlag } from '../flags/types-flag.js';
import { verboseFlag } from '../flags/verbose-flag.js';
import { convertSummary } from '../output/convert-summary.js';
import { showWriteProgress, type Written } from '../progress/show-write-progress.js';
import { openNamedSource } from '../sources/open-named-source.js';
import { readTokenizerBin } from '../sources/read-tokenizer-bin.js';

export default class Convert extends BaseCommand {
  static override description =
    'Convert a model: from a .bin file, a GGUF file, a folder or the hub to .bin, GGUF or safetensors';
  static override examples = [
    '<%= config.bin %> convert model.bin model.gguf --to gguf --type q8_0',
    '<%= config.bin %> convert meta-llama/Llama-3.2-1B-Instruct model.gguf --to gguf',
    '<%= config.bin %> convert model.bin ./folder --to safetensors',
    '<%= config.bin %> convert model-q8_0.bin model.bin --to v1',
  ];
  static override enableJsonFlag = true;
  static override args = {
    in: Args.string({
      description: '.bin file, GGUF file, folder of a checkpoint, id of a repository, or sample-model',
      required: true,
      ignoreStdin: true,
    }),
    out: Args.string({ description: 'file to write; for safetensors a folder', required: true, ignoreStdin: true }),
  };
  static override flags = nameValues({
    to: Flags.string({
      description: 'write v0, v1, v2 or v3 (.bin), gguf for llama.cpp, or safetensors for Hugging Face',
      options: targets,
      required: true,
    }),
    ...convertFlags,
    'group-size': groupSizeFlag(),
    types: typesFlag(),
    'target-size': targetSizeFlag(),
    calibrate: calibrateFlag(),
    ...chatTemplateFlag,
    plain: Flags.boolean({ description: 'leave out the trailer of v0 to v3' }),
    tokenizer: modelFlags.tokenizer,
    'rope-theta': modelFlags['rope-theta'],
    'rope-scaling': modelFlags['rope-scaling'],
    revision: Flags.string({ description: 'read this branch, tag or commit of the repository; default main' }),
    ...statedFlags(),
    file: fileFlag(),
    token: Flags.string({ description: 'log in to the hub with this access token; better kept in HF_TOKEN' }),
    force: Flags.boolean({ description: 'replace an existing OUT' }),
    verbose: verboseFlag(),
  });

  override async run(): Promise<Written<ConvertResult>> {
    const { args, flags } = await this.parse(Convert);
    const { revision, token, file } = flags;
    const note = (text: string): void => this.logToStderr(text);
    const source = await openNamedSource(args.in, {
      ...{ revision, token, file, note, signal: this.signal },
      stated: statedSizes(flags),
    });
    try {
      const options = {
        source,
        output: args.out,
        to: flags.to as ConvertTarget,
        type: weightType(flags.type),
        groupSize: flags['group-size'],
        types: typeRules(flags.types),
        targetSize: flags['target-size'],
        calibrate: await readCalibration(flags.calibrate, source),
        maxShardBytes: flags['shard-size'],
        chatTemplate: await readChatTemplate(flags['chat-template']),
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
      await source.close();
    }
  }
}
