// llama eval: how well a model predicts a text, and how far it is from a baseline.

import { ToolkitError } from '@llama-ts/base';
import {
  type Bounds,
  checkBoundNames,
  checkBounds,
  type Evaluation,
  evalFigureNames,
  evalFigures,
  evaluateText,
  type GateCheck,
  readThresholds,
  renderReport,
  verdictLine,
} from '@llama-ts/evaluate';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName, sampleTextPath } from '@llama-ts/sample-model';
import { Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { exitCodes } from '../failure/exit-codes.js';
import { nameValues } from '../flags/flag-values.js';
import { boundFlag, boundsOfFlags, thresholdsFlag } from '../flags/gate-flags.js';
import { modelArgument } from '../flags/model-argument.js';
import { modelFlags, openNamedModel } from '../flags/model-flags.js';
import { textWindowFlags } from '../flags/text-window-flags.js';
import { readTextFile } from '../input/read-text-file.js';
import { partOf, textOfSample } from '../input/text-to-measure.js';
import { evaluationLines } from '../output/evaluation-lines.js';
import { type ReportFiles, reportFiles } from '../output/report-files.js';
import { showEvalProgress } from '../progress/show-eval-progress.js';
import { nameWithVariant } from '../store/locate-model.js';

const { tokenizer, threads, backend, yes, 'rope-theta': ropeTheta, 'rope-scaling': ropeScaling } = modelFlags;
const boundFlags = {
  'max-ppl': boundFlag('when the perplexity is above this'),
  'max-ppl-ratio': boundFlag('when the perplexity is above this many times that of the baseline'),
  'max-kl': boundFlag('when the mean KL divergence from the baseline is above this, in nats'),
  'max-kl-p999': boundFlag('when the 99.9th percentile of the KL divergence is above this'),
  'min-agreement': boundFlag('when a smaller share of the most probable tokens is the same, 0 to 1'),
};

/** Output of `--json`. */
interface EvalReport extends Evaluation {
  readonly model: string;
  readonly baseline: string | null;
  readonly text: string;
  readonly backend: string;
  /** null without bounds. */
  readonly passed: boolean | null;
  readonly checks: readonly GateCheck[];
}

/** What an evaluation needs. */
interface EvalSetup {
  readonly model: Model;
  readonly baseline: Model | null;
  readonly bounds: Bounds;
  readonly reports: ReportFiles;
}

type EvalFlags = Interfaces.InferredFlags<typeof Eval.flags>;

export default class Eval extends BaseCommand {
  static override description =
    'Measure perplexity on a text, and divergence from a baseline; without MODEL, of the bundled sample model';
  static override examples = [
    '<%= config.bin %> eval',
    '<%= config.bin %> eval model-q8_0.bin --text book.txt --baseline model.bin',
    '<%= config.bin %> eval model-q8_0.bin --text book.txt --baseline model.bin --max-kl 0.01 --max-ppl-ratio 1.01',
  ];
  static override enableJsonFlag = true;
  static override args = { model: modelArgument };
  static override flags = nameValues({
    text: Flags.string({
      description: 'measure on this UTF-8 text; default for the sample model: the text that comes with it',
    }),
    baseline: Flags.string({ description: 'compare with this model, such as the v1 of a v2' }),
    ...textWindowFlags,
    ...boundFlags,
    thresholds: thresholdsFlag,
    html: Flags.string({ description: 'write the result as one HTML page to this file' }),
    tokenizer,
    threads,
    backend,
    yes,
    'rope-theta': ropeTheta,
    'rope-scaling': ropeScaling,
  });

  override async run(): Promise<EvalReport> {
    const { args, flags } = await this.parse(Eval);
    const bounds = await this.#bounds(flags);
    const inputs = [args.model, flags.baseline, flags.text, flags.thresholds, flags.tokenizer];
    const reports = await reportFiles([flags.html], inputs);
    const choice = { ...flags, ...(flags.window === undefined ? {} : { context: flags.window }) };
    const model = await openNamedModel(args.model, choice, this.signal);
    try {
      const baseline = flags.baseline === undefined ? null : await openNamedModel(flags.baseline, choice, this.signal);
      try {
        const name = args.model === undefined ? sampleModelName : await nameWithVariant(args.model);
        return await this.#evaluate(name, { model, baseline, bounds, reports }, flags);
      } finally {
        await baseline?.close();
      }
    } finally {
      await model.close();
    }
  }

  async #evaluate(
    name: string,
    { model, baseline, bounds, reports }: EvalSetup,
    flags: EvalFlags,
  ): Promise<EvalReport> {
    const text = flags.text ?? (name === sampleModelName ? sampleTextPath : textOfSample(model, name));
    const events = evaluateText(model, await readTextFile(text, partOf(text)), {
      ...(baseline === null ? {} : { baseline }),
      window: flags.window,
      stride: flags.stride,
      maxTokens: flags['max-tokens'],
      signal: this.signal,
    });
    const evaluation = await showEvalProgress(events);
    await reports.write(flags.html, () => renderReport({ title: name, evaluation }));
    const checks = checkBounds(name, evalFigures(evaluation), bounds);
    const passed = checks.length === 0 ? null : checks.every((check) => check.passed);
    for (const line of evaluationLines(evaluation, this.columns)) this.log(line);
    if (passed !== null) this.log(verdictLine('eval', checks));
    if (passed === false) process.exitCode = exitCodes.gateFailed;
    return {
      model: name,
      baseline: flags.baseline === undefined ? null : await nameWithVariant(flags.baseline),
      text,
      backend: model.backend,
      passed,
      checks,
      ...evaluation,
    };
  }

  /** Bounds of the thresholds file and the flags, checked before anything takes long. */
  async #bounds(flags: EvalFlags): Promise<Bounds> {
    const known = flags.baseline === undefined ? evalFigureNames.slice(0, 1) : evalFigureNames;
    const fromFlags = boundsOfFlags(flags, Object.keys(boundFlags));
    if (flags.baseline === undefined) {
      const needy = Object.keys(fromFlags).find((bound) => bound !== 'max-ppl');
      if (needy !== undefined) throw new ToolkitError('USAGE', `--${needy} needs --baseline FILE to compare with`);
    }
    const fromFile = flags.thresholds === undefined ? {} : (await readThresholds(flags.thresholds)).eval;
    checkBoundNames(fromFile, known, flags.thresholds ?? '');
    return { ...fromFile, ...fromFlags };
  }
}
