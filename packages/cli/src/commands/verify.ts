// llama verify: a model file against its checksums and its source, as a gate.

import { ToolkitError } from '@llama-ts/base';
import {
  junitXml,
  readThresholds,
  renderReport,
  type TensorRule,
  type VerifyOptions,
  type VerifyResult,
  verifyModel,
} from '@llama-ts/evaluate';
import { pathsOf } from '@llama-ts/exporter';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { withChosenKernels } from '../environment/chosen-kernels.js';
import { exitCodes } from '../failure/exit-codes.js';
import { readCalibration } from '../flags/calibrate-flag.js';
import { fileFlag } from '../flags/file-flag.js';
import { nameValues } from '../flags/flag-values.js';
import { boundFlag, boundsOfFlags, thresholdsFlag } from '../flags/gate-flags.js';
import { loraFlag, mergeLora } from '../flags/lora-flag.js';
import { integer } from '../flags/number-flags.js';
import { statedFlags, statedSizes } from '../flags/stated-flags.js';
import { type ReportFiles, reportFiles } from '../output/report-files.js';
import { verifyLines } from '../output/verify-lines.js';
import { showVerifyProgress } from '../progress/show-verify-progress.js';
import { checkModelFile } from '../sources/check-model-file.js';
import { openNamedSource } from '../sources/open-named-source.js';
import { refuseSourceFile } from '../sources/refuse-model.js';

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
  static override flags = nameValues({
    against: Flags.string({
      description: 'compare with its source: a .bin file of any version, a GGUF file, a folder, or a repository',
    }),
    calibrate: Flags.string({
      description:
        'derive the layers of a calibrated v3 file again with the text that it was quantized with; with --against',
    }),
    revision: Flags.string({ description: 'read this branch, tag or commit of the repository; default main' }),
    ...statedFlags(),
    file: fileFlag(),
    lora: loraFlag(),
    token: Flags.string({ description: 'log in to the hub with this access token; better kept in HF_TOKEN' }),
    ...boundFlags,
    thresholds: thresholdsFlag,
    worst: Flags.custom<number>({
      description: `list the N worst tensors; default ${DEFAULT_WORST}`,
      parse: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    })(),
    junit: Flags.string({ description: 'write the result as JUnit XML to this file' }),
    html: Flags.string({ description: 'write the result as one HTML page to this file' }),
  });

  override async run(): Promise<VerifyResult> {
    const { args, flags } = await this.parse(Verify);
    await checkModelFile(args.model);
    await refuseSourceFile(args.model);
    const { junit, html } = flags;
    const reports = await reportFiles([junit, html], [args.model, flags.against, flags.thresholds]);
    const startedAt = new Date();
    const start = performance.now();
    const result = await this.#verify(args.model, flags, reports);
    const seconds = (performance.now() - start) / 1000;
    for (const line of verifyLines(result, flags.worst ?? DEFAULT_WORST, this.columns)) this.log(line);
    await reports.write(junit, () => junitXml(result, { seconds, startedAt }));
    await reports.write(html, () => renderReport({ verify: result }));
    if (!result.passed) process.exitCode = exitCodes.gateFailed;
    return result;
  }

  async #verify(model: string, flags: VerifyFlags, reports: ReportFiles): Promise<VerifyResult> {
    const gate = { rules: await rulesOf(flags), rulesFrom: flags.thresholds ?? 'the bounds', signal: this.signal };
    if (flags.against === undefined) {
      if (flags.calibrate !== undefined) throw textWithoutSource(flags.calibrate);
      const [adapter] = flags.lora ?? [];
      if (adapter !== undefined) throw adapterWithoutSource(adapter);
      return this.#show({ model, ...gate });
    }
    const hub = { token: flags.token, note: (text: string) => this.logToStderr(text), signal: this.signal };
    const { revision, file } = flags;
    let against = await openNamedSource(flags.against, { ...hub, revision, file, stated: statedSizes(flags) });
    try {
      against = await mergeLora(against, flags.lora, hub);
      await reports.spare(pathsOf(against));
      // A source names a folder by the last part of its path; the result names it as it was typed.
      const isFolder = against.kind === 'checkpoint' && against.commit === null && flags.lora === undefined;
      const named = isFolder ? { ...against, name: flags.against } : against;
      const calibrate = await readCalibration(flags.calibrate, against);
      return await this.#show({ model, against: named, calibrate, ...gate });
    } finally {
      await against.close();
    }
  }

  #show(options: VerifyOptions): Promise<VerifyResult> {
    return withChosenKernels((kernels) => showVerifyProgress(verifyModel({ ...options, kernels })));
  }
}

function textWithoutSource(text: string): ToolkitError {
  return new ToolkitError('USAGE', `--calibrate ${text}: without a source, expected one to derive the weights from`, {
    suggestions: ['name the source: --against REPO_OR_DIR_OR_BIN', 'leave out --calibrate'],
  });
}

function adapterWithoutSource(adapter: string): ToolkitError {
  return new ToolkitError('USAGE', `--lora ${adapter}: without a source, expected the model that it is merged into`, {
    suggestions: ['name the model: --against REPO_OR_DIR_OR_BIN', 'leave out --lora'],
  });
}

/** Bounds of the flags concern every tensor, and win over the file's. */
async function rulesOf(flags: VerifyFlags): Promise<TensorRule[]> {
  const ofFile = flags.thresholds === undefined ? [] : (await readThresholds(flags.thresholds)).verify;
  const ofFlags = boundsOfFlags(flags, Object.keys(boundFlags));
  return [...ofFile, ...(Object.keys(ofFlags).length === 0 ? [] : [{ pattern: '*', bounds: ofFlags }])];
}
