// llama export: a Hugging Face checkpoint or a GGUF file becomes a .bin file, a GGUF file or another folder.

import {
  type ConvertPlan,
  type ConvertResult,
  type ConvertTarget,
  convertModel,
  type ExportPlan,
  type ExportResult,
  exportModel,
  type ModelSource,
  type PlannedFormat,
  type PlannedRepositoryOptions,
  planConvert,
  planExport,
  planHubConvert,
  planHubExport,
  readSourceName,
} from '@llama-ts/exporter';
import type { BinVersion } from '@llama-ts/format';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { withChosenKernels } from '../environment/chosen-kernels.js';
import { hubSettings } from '../environment/hub-settings.js';
import { calibrateFlag, plannedCalibration, readCalibration, unreadCalibration } from '../flags/calibrate-flag.js';
import { chatTemplateFlag, readChatTemplate } from '../flags/chat-template-flag.js';
import { checkTargetFlags } from '../flags/check-target-flags.js';
import { convertFlags, targets, weightType } from '../flags/convert-flags.js';
import { fileFlag } from '../flags/file-flag.js';
import { nameValues } from '../flags/flag-values.js';
import { groupSizeFlag } from '../flags/group-size-flag.js';
import { loraFlag, mergeLora } from '../flags/lora-flag.js';
import { resumeFlag } from '../flags/resume-flag.js';
import { statedFlags, statedSizes } from '../flags/stated-flags.js';
import { targetSizeFlag } from '../flags/target-size-flag.js';
import { typeRules, typesFlag } from '../flags/types-flag.js';
import { verboseFlag } from '../flags/verbose-flag.js';
import { convertSummary } from '../output/convert-summary.js';
import { exportSummary } from '../output/export-summary.js';
import { defaultOutput, exportTarget } from '../output/export-target.js';
import { planLines } from '../output/plan-lines.js';
import { discardFlag, keepingFinished } from '../progress/keep-finished.js';
import { showWriteProgress, type Written } from '../progress/show-write-progress.js';
import { exportNames, sourceName } from '../sources/export-names.js';
import {
  checkpointOpeners,
  checkStreamed,
  chosenFile,
  chosenRevision,
  hubOptions,
  openNamedSource,
} from '../sources/open-named-source.js';

type ExportFlags = Interfaces.InferredFlags<typeof Export.flags>;

/** The functions of an export of one kind of format. */
interface ExportWork<P, R> {
  planRepository(repository: PlannedRepositoryOptions): Promise<P>;
  plan(source: ModelSource): Promise<P>;
  write(source: ModelSource): Promise<R>;
}

export default class Export extends BaseCommand {
  static override description =
    'Export a Llama 3 model, from a folder, the hub or a GGUF file, to .bin, GGUF or safetensors; without SOURCE, the bundled sample model';
  static override examples = [
    '<%= config.bin %> export',
    '<%= config.bin %> export meta-llama/Llama-3.2-1B-Instruct --version 2',
    '<%= config.bin %> export meta-llama/Llama-3.2-1B-Instruct --version 3',
    '<%= config.bin %> export ./Llama-3.2-1B-Instruct model.bin',
    '<%= config.bin %> export model-Q8_0.gguf --version 3',
    '<%= config.bin %> export model.gguf --hf meta-llama/Llama-3.2-1B-Instruct --type q8_0',
  ];
  static override enableJsonFlag = true;
  static override args = {
    source: Args.string({
      description:
        'folder of a checkpoint, .pth, .pt or GGUF file, id or address of a repository; any other single name is OUT',
      ignoreStdin: true,
    }),
    out: Args.string({
      description:
        'file to write, for safetensors a folder; default: NAME.bin, NAME-q8_0.bin, NAME-q4.bin, NAME.gguf and so on',
      ignoreStdin: true,
    }),
  };
  static override flags = nameValues({
    hf: Flags.string({ description: 'name SOURCE by a flag; the argument is then OUT' }),
    revision: Flags.string({ description: 'read this branch, tag or commit of the repository; default main' }),
    ...statedFlags(),
    file: fileFlag(),
    lora: loraFlag(),
    token: Flags.string({ description: 'log in to the hub with this access token; better kept in HF_TOKEN' }),
    version: Flags.string({
      description:
        'write this .bin version: 0 float32 for run.c, 1 float32, 2 quantized to 8 bits, 3 to 4 and 8 bits; default 1',
      options: ['0', '1', '2', '3'],
    }),
    to: Flags.string({
      description: 'write v0, v1, v2, v3 (as --version), gguf or safetensors; default gguf for OUT.gguf, else v1',
      options: targets,
      exclusive: ['version'],
    }),
    ...convertFlags,
    'group-size': groupSizeFlag(),
    types: typesFlag(),
    'target-size': targetSizeFlag(),
    calibrate: calibrateFlag(),
    'tokenizer-bin': Flags.string({ description: 'write a tokenizer.bin for run.c to this file too' }),
    ...chatTemplateFlag,
    plain: Flags.boolean({ description: "leave out the trailer: byte for byte the reference exporter's file" }),
    force: Flags.boolean({ description: 'replace existing files' }),
    resume: resumeFlag(),
    discard: discardFlag(),
    verbose: verboseFlag(),
    stream: Flags.boolean({
      description: 'stream weights from the hub without caching them; each file is checked as it arrives',
    }),
    'dry-run': Flags.boolean({
      description: 'print what would be downloaded, read and written, and whether it fits on the disk',
    }),
  });

  override async run(): Promise<Written<ExportResult> | ExportPlan | Written<ConvertResult> | ConvertPlan> {
    const { args, flags } = await this.parse(Export);
    const { endpoint } = hubSettings();
    const isFolder = flags.to === 'safetensors';
    const names = { first: args.source, second: args.out, hf: flags.hf, force: flags.force, isFolder, endpoint };
    const { source, out } = await exportNames(names);
    const to = exportTarget(out, flags);
    checkTargetFlags(to, flags);
    const output = out ?? defaultOutput(await sourceName(source, endpoint), to, flags.type);
    const named = { ...flags, hf: source };
    return to === 'gguf' || to === 'safetensors' ? this.#convert(output, to, named) : this.#export(output, to, named);
  }

  async #convert(output: string, to: PlannedFormat, flags: ExportFlags): Promise<Written<ConvertResult> | ConvertPlan> {
    const { type, 'shard-size': maxShardBytes, force } = flags;
    const options = { output, to, type: weightType(type), maxShardBytes, force };
    return this.#run(flags, {
      planRepository: (repository) => planHubConvert({ ...options, ...repository }),
      plan: (source) => planConvert({ ...options, source }),
      write: async (source) => {
        const result = await withChosenKernels((kernels) =>
          showWriteProgress(convertModel({ ...options, source, kernels, signal: this.signal }), this, {
            isVerbose: flags.verbose,
            title: titleOf(flags, output),
          }),
        );
        for (const line of convertSummary(result)) this.log(line);
        return result;
      },
    });
  }

  async #export(output: string, to: ConvertTarget, flags: ExportFlags): Promise<Written<ExportResult> | ExportPlan> {
    const options = {
      output,
      version: Number(to.slice(1)) as BinVersion,
      groupSize: flags['group-size'],
      types: typeRules(flags.types),
      targetSize: flags['target-size'],
      tokenizerBin: flags['tokenizer-bin'],
      plain: flags.plain,
      force: flags.force,
    };
    return this.#run(flags, {
      planRepository: async (repository) => {
        const calibrate = await unreadCalibration(flags.calibrate);
        return planHubExport({ ...options, calibrate, ...repository });
      },
      plan: async (source) => {
        const calibrate = await plannedCalibration(await readCalibration(flags.calibrate, source));
        return planExport({ ...options, calibrate, source });
      },
      write: async (source) => {
        const { resume } = flags;
        const calibrate = await readCalibration(flags.calibrate, source);
        const result = await keepingFinished(flags.discard, ['export', ...this.argv], (onKept) =>
          withChosenKernels((kernels) =>
            showWriteProgress(
              exportModel({ ...options, calibrate, resume, source, kernels, onKept, signal: this.signal }),
              this,
              {
                isVerbose: flags.verbose,
                title: titleOf(flags, output),
              },
            ),
          ),
        );
        this.#reportResult(result);
        return result;
      },
    });
  }

  /** Opens the source and writes from it, or plans to. */
  async #run<P extends ExportPlan | ConvertPlan, R>(flags: ExportFlags, work: ExportWork<P, R>): Promise<P | R> {
    const { hf, revision, token, file, stream, 'dry-run': isDry } = flags;
    const hub = { revision, token, signal: this.signal, note: (text: string) => this.logToStderr(text) };
    const found = isDry && hf !== undefined ? await readSourceName(hf, hubSettings()) : null;
    if (hf !== undefined && found?.kind === 'repository') {
      const chosen = chosenRevision(found.revision, revision);
      const { offline, ...reachable } = await hubOptions({ ...hub, revision: chosen });
      // Offline the plan needs a complete snapshot in the cache, so the checkpoint itself is opened below.
      if (!offline) {
        if (flags.lora !== undefined) hub.note('the adapters of --lora are not in the plan of a repository');
        const planned = { repo: found.repo, file: chosenFile(found.file, file), stream };
        return this.#reportPlan(await work.planRepository({ ...reachable, ...planned }));
      }
    }
    const chatTemplate = await readChatTemplate(flags['chat-template']);
    if (stream) await checkStreamed(hf);
    const opened = await openNamedSource(hf, {
      ...hub,
      openers: checkpointOpeners,
      isStreamed: stream,
      file,
      stated: statedSizes(flags),
    });
    let source = chatTemplate === undefined ? opened : { ...opened, chatTemplate, namedTemplates: undefined };
    try {
      source = await mergeLora(source, flags.lora, hub);
      return isDry ? this.#reportPlan(await work.plan(source)) : await work.write(source);
    } finally {
      await source.close();
    }
  }

  #reportPlan<P extends ExportPlan | ConvertPlan>(plan: P): P {
    for (const line of planLines(plan, this.columns)) this.log(line);
    return plan;
  }

  #reportResult(result: ExportResult): void {
    for (const line of exportSummary(result)) this.log(line);
    if (result.version === 1) this.log('for the C program run.c of llama2.c, which reads version 0 alone: --version 0');
  }
}

/** Says what is exported where no source was named. */
function titleOf({ hf }: ExportFlags, output: string): string | undefined {
  return hf === undefined ? `exporting the bundled sample model to ${output}` : undefined;
}
