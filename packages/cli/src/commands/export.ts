// llama export: a Hugging Face checkpoint becomes a .bin file.

import { basename, resolve } from 'node:path';
import {
  type ExportPlan,
  type ExportResult,
  exportModel,
  namesRepository,
  planExport,
  planHubExport,
} from '@llama-ts/exporter';
import type { BinVersion } from '@llama-ts/format';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { withChosenKernels } from '../chosen-kernels.js';
import { exportSummary } from '../export-summary.js';
import { groupSizeFlag } from '../group-size-flag.js';
import { hubOptions, openNamedSource, openStreamedSource } from '../open-named-source.js';
import { planLines } from '../plan-lines.js';
import { resumeFlag } from '../resume-flag.js';
import { showWriteProgress } from '../show-write-progress.js';

export default class Export extends BaseCommand {
  static override description = 'Export a Llama 3 checkpoint to a .bin file; without --hf, the bundled sample model';
  static override examples = [
    '<%= config.bin %> export',
    '<%= config.bin %> export model.bin --hf ./Llama-3.2-1B-Instruct',
    '<%= config.bin %> export --hf meta-llama/Llama-3.2-1B-Instruct --version 2',
  ];
  static override enableJsonFlag = true;
  static override args = {
    out: Args.string({ description: 'file to write; default: NAME.bin or NAME-q8_0.bin', ignoreStdin: true }),
  };
  static override flags = {
    hf: Flags.string({ description: 'folder of a Hugging Face checkpoint, or id of a repository' }),
    revision: Flags.string({ description: 'branch, tag or commit of the repository; default main' }),
    token: Flags.string({ description: 'access token of the hub; better kept in HF_TOKEN' }),
    version: Flags.string({
      description: 'format: 0 float32 for run.c, 1 float32, 2 quantized to 8 bits',
      options: ['0', '1', '2'],
      default: '1',
    }),
    'group-size': groupSizeFlag(),
    'tokenizer-bin': Flags.string({ description: 'write a tokenizer.bin for run.c to this file too' }),
    plain: Flags.boolean({ description: "no trailer: byte for byte the reference exporter's file" }),
    force: Flags.boolean({ description: 'replace files that are there' }),
    resume: resumeFlag(),
    stream: Flags.boolean({ description: 'keep no copy of the weights: they pass by once, checked on the way' }),
    'dry-run': Flags.boolean({
      description: 'say what would be downloaded, read and written, and whether there is room',
    }),
  };

  override async run(): Promise<ExportResult | ExportPlan> {
    const { args, flags } = await this.parse(Export);
    const version = Number(flags.version) as BinVersion;
    const name = flags.hf === undefined ? sampleModelName : basename(resolve(flags.hf));
    const options = {
      output: args.out ?? (version === 2 ? `${name}-q8_0.bin` : `${name}.bin`),
      version,
      groupSize: flags['group-size'],
      tokenizerBin: flags['tokenizer-bin'],
      plain: flags.plain,
      force: flags.force,
      resume: flags.resume,
    };
    if (flags.hf === undefined) this.log(`no --hf: exporting the bundled sample model, ${sampleModelName}`);
    const hub = { revision: flags.revision, token: flags.token, signal: this.signal };
    if (flags['dry-run'] && flags.hf !== undefined && (await namesRepository(flags.hf))) {
      const { offline, ...reachable } = await hubOptions(hub);
      // Offline the cache has it all or nothing is possible, so the checkpoint itself is opened below.
      if (!offline)
        return this.#reportPlan(
          await planHubExport({ ...options, ...reachable, repo: flags.hf, stream: flags.stream }),
        );
    }
    const open = flags.stream ? openStreamedSource : openNamedSource;
    const source = await open(flags.hf, { ...hub, note: (text) => this.logToStderr(text) });
    try {
      if (flags['dry-run']) return this.#reportPlan(await planExport({ ...options, source }));
      const result = await withChosenKernels((kernels) =>
        showWriteProgress(exportModel({ ...options, source, kernels, signal: this.signal }), this),
      );
      this.#reportResult(result);
      return result;
    } finally {
      await source.close();
    }
  }

  #reportPlan(plan: ExportPlan): ExportPlan {
    for (const line of planLines(plan)) this.log(line);
    return plan;
  }

  #reportResult(result: ExportResult): void {
    for (const line of exportSummary(result)) this.log(line);
    if (result.version === 1) this.log('the C program run.c reads version 0 only; for it, export with --version 0');
  }
}
