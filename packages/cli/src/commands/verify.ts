// llama verify: a model file against its checksums and its source, as a gate.

import { join } from 'node:path';
import {
  junitXml,
  readThresholds,
  renderReport,
  type TensorRule,
  type VerifyOptions,
  type VerifyResult,
  verifyModel,
} from '@llama-ts/evaluate';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { checkModelFile } from '../check-model-file.js';
import { withChosenKernels } from '../chosen-kernels.js';
import { exitCodes } from '../exit-codes.js';
import { boundFlag, boundsOfFlags, thresholdsFlag } from '../gate-flags.js';
import { integer } from '../number-flags.js';
import { openAnySource } from '../open-any-source.js';
import { type ReportFiles, reportFiles } from '../report-files.js';
import { showVerifyProgress } from '../show-verify-progress.js';
import { verifyLines } from '../verify-lines.js';

const DEFAULT_WORST = 10;
const boundFlags = {
  'max-error': boundFlag('when a weight of any tensor is further than this from the source'),
  'max-rmse': boundFlag('when the root mean square error of any tensor is above this'),
  'min-snr': boundFlag('when the signal-to-noise ratio of any tensor is below this, in dB'),
  'min-cosine': boundFlag('when the cosine of any tensor with its source is below this'),
  'max-beyond': boundFlag('when a larger share of groups of any tensor, 0 to 1, is beyond half a step of its scale'),
};

type VerifyFlags = Interfaces.InferredFlags<typeof Verify.flags>;

export default class Verify extends BaseCommand {
  static override description =
    'Verify a .bin file: checksums, values, and every tensor against its source; exit 3 when something is wrong';
  static override examples = [
    '<%= config.bin %> verify model.bin',
    '<%= config.bin %> verify model-q8_0.bin --against ./Llama-3.2-1B --min-snr 35',
    '<%= config.bin %> verify model-q8_0.bin --against model.bin --thresholds thresholds.json --junit verify.xml',
  ];
  static override enableJsonFlag = true;
  static override args = { model: Args.string({ description: '.bin file', required: true, ignoreStdin: true }) };
  static override flags = {
    against: Flags.string({ description: 'its source: a .bin file of any version, a folder, or a repository' }),
    revision: Flags.string({ description: 'branch, tag or commit of the repository; default main' }),
    token: Flags.string({ description: 'access token of the hub; better kept in HF_TOKEN' }),
    ...boundFlags,
    thresholds: thresholdsFlag,
    worst: Flags.custom<number>({
      description: `tensors in the table; default ${DEFAULT_WORST}`,
      parse: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    })(),
    junit: Flags.string({ description: 'write the result as JUnit XML to this file' }),
    html: Flags.string({ description: 'write the result as one HTML page to this file' }),
  };

  override async run(): Promise<VerifyResult> {
    const { args, flags } = await this.parse(Verify);
    await checkModelFile(args.model);
    const { junit, html } = flags;
    const reports = await reportFiles([junit, html], [args.model, flags.against, flags.thresholds]);
    const startedAt = new Date();
    const start = performance.now();
    const result = await this.#verify(args.model, flags, reports);
    const seconds = (performance.now() - start) / 1000;
    for (const line of verifyLines(result, flags.worst ?? DEFAULT_WORST)) this.log(line);
    await reports.write(junit, () => junitXml(result, { seconds, startedAt }));
    await reports.write(html, () => renderReport({ verify: result }));
    if (!result.passed) process.exitCode = exitCodes.gateFailed;
    return result;
  }

  async #verify(model: string, flags: VerifyFlags, reports: ReportFiles): Promise<VerifyResult> {
    const gate = { rules: await rulesOf(flags), rulesFrom: flags.thresholds ?? 'the bounds', signal: this.signal };
    if (flags.against === undefined) return this.#show({ model, ...gate });
    const against = await openAnySource(flags.against, {
      revision: flags.revision,
      token: flags.token,
      note: (text) => this.logToStderr(text),
      signal: this.signal,
    });
    try {
      if (typeof against !== 'string') await reports.spare(against.files.map((path) => join(against.folder, path)));
      return await this.#show({ model, against, ...gate });
    } finally {
      if (typeof against !== 'string') await against.close();
    }
  }

  #show(options: VerifyOptions): Promise<VerifyResult> {
    return withChosenKernels((kernels) => showVerifyProgress(verifyModel({ ...options, kernels })));
  }
}

/** Bounds of the flags concern every tensor, and win over the file's. */
async function rulesOf(flags: VerifyFlags): Promise<TensorRule[]> {
  const ofFile = flags.thresholds === undefined ? [] : (await readThresholds(flags.thresholds)).verify;
  const ofFlags = boundsOfFlags(flags, Object.keys(boundFlags));
  return [...ofFile, ...(Object.keys(ofFlags).length === 0 ? [] : [{ pattern: '*', bounds: ofFlags }])];
}
