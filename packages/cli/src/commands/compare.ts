// llama compare: several files of one model in one table: size, perplexity, divergence, speed.

import { resolve } from 'node:path';
import { commandLine, ToolkitError } from '@llama-ts/base';
import { renderReport } from '@llama-ts/evaluate';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { type ComparedFile, type CompareReport, compareFiles } from '../compare/compare-files.js';
import { decodeSpeeds, SPEED_CONTEXT } from '../compare/decode-speeds.js';
import { nameValues } from '../flags/flag-values.js';
import { findNamedModel, modelFlags, openNamedModel } from '../flags/model-flags.js';
import { textWindowFlags } from '../flags/text-window-flags.js';
import { readTextFile } from '../input/read-text-file.js';
import { partOf } from '../input/text-to-measure.js';
import { compareLines, compareMarkdown } from '../output/compare-lines.js';
import { reportFiles } from '../output/report-files.js';
import { showEvalProgress } from '../progress/show-eval-progress.js';
import { withSpinner } from '../progress/with-spinner.js';
import { nameWithVariant } from '../store/locate-model.js';

const { tokenizer, threads, backend, yes, 'rope-theta': ropeTheta, 'rope-scaling': ropeScaling } = modelFlags;

type CompareFlags = Interfaces.InferredFlags<typeof Compare.flags>;

export default class Compare extends BaseCommand {
  static override description =
    'Compare files of one model: size, perplexity, divergence from the first and speed, in one table';
  static override examples = [
    '<%= config.bin %> compare model.bin model-q8_0.bin model-q4.bin --text book.txt',
    '<%= config.bin %> compare model-q8_0.bin model-q4.bin --baseline model.bin --text book.txt --no-speed --markdown',
    '<%= config.bin %> compare model.bin model-q4.bin --text book.txt --report compare.html',
  ];
  static override enableJsonFlag = true;
  static override strict = false;
  static override args = {
    model: Args.string({
      description: '.bin files, ORG/NAME[:VARIANT][@REVISION] of the hub, or folders',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = nameValues({
    text: Flags.string({ description: 'measure on this UTF-8 text', required: true }),
    baseline: Flags.string({ description: 'compare with this model; default the first MODEL' }),
    ...textWindowFlags,
    speed: Flags.boolean({
      description: 'measure the speed of decoding (default); --no-speed leaves it out',
      allowNo: true,
      default: true,
    }),
    markdown: Flags.boolean({ description: 'print the table as Markdown, to be pasted' }),
    report: Flags.string({ description: 'write table and plot as one HTML page to this file' }),
    tokenizer,
    threads,
    backend,
    yes,
    'rope-theta': ropeTheta,
    'rope-scaling': ropeScaling,
  });

  override async run(): Promise<CompareReport> {
    const { flags } = await this.parse(Compare);
    const names = namesOf(this.texts, flags);
    const reports = await reportFiles([flags.report], [...names, flags.text, flags.tokenizer]);
    const content = await readTextFile(flags.text, partOf(flags.text));
    const [first, second, ...rest] = names;
    const files: [ComparedFile, ComparedFile, ...ComparedFile[]] = [
      await this.#find(first, flags),
      await this.#find(second, flags),
    ];
    for (const name of rest) files.push(await this.#find(name, flags));
    const report = await showEvalProgress(
      compareFiles(files, { name: flags.text, content }, { ...this.#options(flags), signal: this.signal }),
    );
    await reports.write(flags.report, () => renderReport({ comparison: report }));
    if (flags.markdown) for (const line of compareMarkdown(report)) this.logWhole(line);
    else for (const line of compareLines(report, this.columns)) this.log(line);
    return report;
  }

  async #find(name: string, flags: CompareFlags): Promise<ComparedFile> {
    const path = await findNamedModel(name, flags, this.signal);
    return { typed: name, name: await nameWithVariant(name), path };
  }

  #options(flags: CompareFlags) {
    const { window, stride, speed, 'max-tokens': maxTokens } = flags;
    const context = window === undefined ? {} : { context: speed ? Math.max(window, SPEED_CONTEXT) : window };
    return {
      ...{ window, stride, maxTokens },
      open: (path: string) => openNamedModel(path, { ...flags, ...context, ignoreEos: true }, this.signal),
      speeds: speed
        ? (models: Parameters<typeof decodeSpeeds>[0]) =>
            withSpinner('measuring speed', () => decodeSpeeds(models, this.signal))
        : null,
    };
  }
}

/** The baseline first, then the others in their order. @throws ToolkitError `USAGE` */
function namesOf(typed: readonly string[], { baseline, text }: CompareFlags): [string, string, ...string[]] {
  const twice = typed.find((name, i) => typed.findIndex((other) => resolve(other) === resolve(name)) < i);
  if (twice !== undefined) throw new ToolkitError('USAGE', `${twice}: is named twice, expected each file once`);
  const first = baseline ?? typed[0]!;
  const others = typed.filter((name) => resolve(name) !== resolve(first));
  const [second, ...rest] = others;
  if (second !== undefined) return [first, second, ...rest];
  throw new ToolkitError('USAGE', `${first}: is one file, expected another to compare it with`, {
    suggestions: [`measure it alone: ${commandLine(['llama', 'eval', first, '--text', text])}`],
  });
}
