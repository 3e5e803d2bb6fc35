// llama export: a Hugging Face checkpoint becomes a .bin file, a GGUF file or another folder.

import {
  type Checkpoint,
  type ConvertPlan,
  type ConvertResult,
  type ConvertTarget,
  convertModel,
  type ExportPlan,
  type ExportResult,
  exportModel,
  type PlannedFormat,
  type PlannedRepositoryOptions,
  planConvert,
  planExport,
  planHubConvert,
  planHubExport,
  readSourceName,
} from '@llama-ts/exporter';
import { type BinVersion, ToolkitError } from '@llama-ts/format';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { chatTemplateFlag, readChatTemplate } from '../chat-template-flag.js';
import { withChosenKernels } from '../chosen-kernels.js';
import { convertFlags, targets, weightType } from '../convert-flags.js';
import { convertSummary } from '../convert-summary.js';
import { exportNames, sourceName } from '../export-names.js';
import { exportSummary } from '../export-summary.js';
import { defaultOutput, exportTarget } from '../export-target.js';
import { groupSizeFlag } from '../group-size-flag.js';
import { hubSettings } from '../hub-settings.js';
import { discardFlag, keepingFinished } from '../keep-finished.js';
import { chosenRevision, hubOptions, openNamedSource, openStreamedSource } from '../open-named-source.js';
import { planLines } from '../plan-lines.js';
import { resumeFlag } from '../resume-flag.js';
import { showWriteProgress, type Written } from '../show-write-progress.js';
import { verboseFlag } from '../verbose-flag.js';

type ExportFlags = Interfaces.InferredFlags<typeof Export.flags>;

const binOnly = ['tokenizer-bin', 'plain', 'group-size'] as const;
/** Flags that the writing of a format has no use for. */
const strayFlags: Readonly<Record<ConvertTarget, readonly (keyof ExportFlags)[]>> = {
  v0: ['type', 'shard-size', 'group-size'],
  v1: ['type', 'shard-size', 'group-size'],
  v2: ['type', 'shard-size'],
  gguf: [...binOnly, 'shard-size'],
  safetensors: binOnly,
};

/** What an export of one kind of format does. */
interface ExportWork<P, R> {
  planRepository(repository: PlannedRepositoryOptions): Promise<P>;
  plan(source: Checkpoint): Promise<P>;
  write(source: Checkpoint): Promise<R>;
}

export default class Export extends BaseCommand {
  static override description =
    'Export a Llama 3 checkpoint, from a folder or the hub, to .bin, GGUF or safetensors; without SOURCE, the bundled sample model';
  static override examples = [
    '<%= config.bin %> export',
    '<%= config.bin %> export meta-llama/Llama-3.2-1B-Instruct --version 2',
    '<%= config.bin %> export ./Llama-3.2-1B-Instruct model.bin',
    '<%= config.bin %> export model.gguf --hf meta-llama/Llama-3.2-1B-Instruct --type q8_0',
  ];
  static override usage = 'export [SOURCE] [OUT] [FLAGS]';
  static override enableJsonFlag = true;
  static override args = {
    source: Args.string({
      description: 'folder of a checkpoint, id or address of a repository; a name that is neither is OUT',
      ignoreStdin: true,
    }),
    out: Args.string({
      description: 'file to write, for safetensors a folder; default: NAME.bin, NAME-q8_0.bin, NAME.gguf and so on',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    hf: Flags.string({ description: 'the same as SOURCE; then the name given is OUT' }),
    revision: Flags.string({ description: 'branch, tag or commit of the repository; default main' }),
    token: Flags.string({ description: 'access token of the hub; better kept in HF_TOKEN' }),
    version: Flags.string({
      description: 'of a .bin: 0 float32 for run.c, 1 float32, 2 quantized to 8 bits; default 1',
      options: ['0', '1', '2'],
    }),
    to: Flags.string({
      description: 'format: v0, v1, v2 (as --version), gguf, safetensors; default gguf for OUT.gguf, else v1',
      options: targets,
      exclusive: ['version'],
    }),
    ...convertFlags,
    'group-size': groupSizeFlag(),
    'tokenizer-bin': Flags.string({ description: 'write a tokenizer.bin for run.c to this file too' }),
    ...chatTemplateFlag,
    plain: Flags.boolean({ description: "no trailer: byte for byte the reference exporter's file" }),
    force: Flags.boolean({ description: 'replace files that are there' }),
    resume: resumeFlag(),
    discard: discardFlag(),
    verbose: verboseFlag(),
    stream: Flags.boolean({ description: 'keep no copy of the weights: they pass by once, checked on the way' }),
    'dry-run': Flags.boolean({
      description: 'say what would be downloaded, read and written, and whether there is room',
    }),
  };

  override async run(): Promise<Written<ExportResult> | ExportPlan | Written<ConvertResult> | ConvertPlan> {
    const { args, flags } = await this.parse(Export);
    const { endpoint } = hubSettings();
    const isFolder = flags.to === 'safetensors';
    const names = { first: args.source, second: args.out, hf: flags.hf, force: flags.force, isFolder, endpoint };
    const { source, out } = await exportNames(names);
    const to = exportTarget(out, flags);
    checkFlags(to, flags);
    const output = out ?? defaultOutput(await sourceName(source, endpoint), to, flags.type);
    if (source === undefined) this.log(`exporting the bundled sample model, ${sampleModelName}, to ${output}`);
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
      tokenizerBin: flags['tokenizer-bin'],
      plain: flags.plain,
      force: flags.force,
    };
    return this.#run(flags, {
      planRepository: (repository) => planHubExport({ ...options, ...repository }),
      plan: (source) => planExport({ ...options, source }),
      write: async (source) => {
        const { resume } = flags;
        const result = await keepingFinished(flags.discard, ['export', ...this.argv], (onKept) =>
          withChosenKernels((kernels) =>
            showWriteProgress(exportModel({ ...options, resume, source, kernels, onKept, signal: this.signal }), this, {
              isVerbose: flags.verbose,
            }),
          ),
        );
        this.#reportResult(result);
        return result;
      },
    });
  }

  /** Opens the source and writes from it, or plans to. */
  async #run<P extends ExportPlan | ConvertPlan, R>(flags: ExportFlags, work: ExportWork<P, R>): Promise<P | R> {
    const { hf, revision, token, stream, 'dry-run': isDry } = flags;
    const hub = { revision, token, signal: this.signal, note: (text: string) => this.logToStderr(text) };
    const found = isDry && hf !== undefined ? await readSourceName(hf, hubSettings()) : null;
    if (hf !== undefined && found?.kind === 'repository') {
      const chosen = chosenRevision(found.revision, revision);
      const { offline, ...reachable } = await hubOptions({ ...hub, revision: chosen });
      // Offline the cache has it all or nothing is possible, so the checkpoint itself is opened below.
      if (!offline) return this.#reportPlan(await work.planRepository({ ...reachable, repo: found.repo, stream }));
    }
    const chatTemplate = await readChatTemplate(flags['chat-template']);
    const open = stream ? openStreamedSource : openNamedSource;
    const opened = await open(hf, hub);
    const source = chatTemplate === undefined ? opened : { ...opened, chatTemplate, namedTemplates: undefined };
    try {
      return isDry ? this.#reportPlan(await work.plan(source)) : await work.write(source);
    } finally {
      await source.close();
    }
  }

  #reportPlan<P extends ExportPlan | ConvertPlan>(plan: P): P {
    for (const line of planLines(plan)) this.log(line);
    return plan;
  }

  #reportResult(result: ExportResult): void {
    for (const line of exportSummary(result)) this.log(line);
    if (result.version === 1) this.log('the C program run.c reads version 0 only; for it, export with --version 0');
  }
}

/** A flag that the format has no use for is a mistake: the file would not be what was asked for. */
function checkFlags(to: ConvertTarget, flags: ExportFlags): void {
  const stray = strayFlags[to].find((name) => flags[name] !== undefined && flags[name] !== false);
  if (stray === undefined && flags.plain && flags['chat-template'] !== undefined) {
    throw new ToolkitError('USAGE', '--chat-template with --plain, which holds none, expected one of them', {
      suggestions: ['leave out --plain', 'give the template to the command that needs it: leave out --chat-template'],
    });
  }
  if (stray === undefined) return;
  throw new ToolkitError('USAGE', `--${stray}: is given, expected no such flag for ${to}`, {
    suggestions: [`leave out --${stray}`],
  });
}
