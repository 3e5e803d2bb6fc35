// llama convert: a model from any source this toolkit reads to any format it writes.

import { stat } from 'node:fs/promises';
import {
  type Checkpoint,
  type ConvertResult,
  type ConvertTarget,
  convertModel,
  type WeightType,
} from '@llama-ts/exporter';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { byteSizeFlag } from '../byte-size-flag.js';
import { withChosenKernels } from '../chosen-kernels.js';
import { groupSizeFlag } from '../group-size-flag.js';
import { modelFlags, statedSettings } from '../model-flags.js';
import { openNamedSource } from '../open-named-source.js';
import { readTokenizerBin } from '../read-tokenizer-bin.js';
import { showWriteProgress } from '../show-write-progress.js';
import { visible } from '../terminal-safe.js';
import { byteSize } from '../units.js';

type ConvertFlags = Interfaces.InferredFlags<typeof Convert.flags>;

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
      description: '.bin file, folder of a checkpoint, or id of a repository',
      required: true,
      ignoreStdin: true,
    }),
    out: Args.string({ description: 'file to write; for safetensors a folder', required: true, ignoreStdin: true }),
  };
  static override flags = {
    to: Flags.string({
      description: 'format: v0, v1, v2 (.bin), gguf for llama.cpp, safetensors for Hugging Face',
      options: ['v0', 'v1', 'v2', 'gguf', 'safetensors'],
      required: true,
    }),
    type: Flags.string({
      description: 'how gguf and safetensors store weights; default the smallest that loses nothing; q8_0 for gguf',
      options: ['f32', 'f16', 'bf16', 'q8_0'],
    }),
    'group-size': groupSizeFlag(),
    'shard-size': byteSizeFlag({
      description: 'most bytes of tensors in a safetensors file, such as 500MB; default 5GB',
    }),
    plain: Flags.boolean({ description: 'no trailer behind v0, v1 and v2' }),
    tokenizer: modelFlags.tokenizer,
    'rope-theta': modelFlags['rope-theta'],
    'rope-scaling': modelFlags['rope-scaling'],
    revision: Flags.string({ description: 'branch, tag or commit of the repository; default main' }),
    token: Flags.string({ description: 'access token of the hub; better kept in HF_TOKEN' }),
    force: Flags.boolean({ description: 'replace OUT if it is there' }),
  };

  override async run(): Promise<ConvertResult> {
    const { args, flags } = await this.parse(Convert);
    const source = await this.#openSource(args.in, flags);
    try {
      const options = {
        source,
        output: args.out,
        to: flags.to as ConvertTarget,
        type: flags.type?.toUpperCase() as WeightType | undefined,
        groupSize: flags['group-size'],
        maxShardBytes: flags['shard-size'],
        plain: flags.plain,
        settings: statedSettings(flags),
        tokenizer: flags.tokenizer === undefined ? undefined : await readTokenizerBin(flags.tokenizer, args.in),
        force: flags.force,
        signal: this.signal,
      };
      const result = await withChosenKernels((kernels) =>
        showWriteProgress(convertModel({ ...options, kernels }), this),
      );
      this.#reportResult(result);
      return result;
    } finally {
      if (typeof source !== 'string') await source.close();
    }
  }

  async #openSource(name: string, { revision, token }: ConvertFlags): Promise<Checkpoint | string> {
    const found = await stat(name).catch(() => null);
    if (found !== null && !found.isDirectory()) return name;
    return openNamedSource(name, { revision, token, note: (text) => this.logToStderr(text), signal: this.signal });
  }

  #reportResult({ output, to, type, groupSize, byteLength, maxError }: ConvertResult): void {
    if (maxError !== null) this.log(`max quantization group error across all weights: ${maxError}`);
    const detail = type ?? (groupSize === null ? 'F32' : `group size ${groupSize}`);
    this.log(`wrote ${visible(output)}: ${to}, ${detail}, ${byteSize(byteLength)}`);
  }
}
