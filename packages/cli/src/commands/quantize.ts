// llama quantize: a v0 or v1 file, or a GGUF file, becomes a v2 or v3 one.

import {
  type CalibrationText,
  type ConvertTarget,
  type ExportResult,
  openModelSource,
  type QuantizeOptions,
  quantizeModel,
} from '@llama-ts/exporter';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { withChosenKernels } from '../environment/chosen-kernels.js';
import { calibrateFlag, readCalibration } from '../flags/calibrate-flag.js';
import { checkTargetFlags } from '../flags/check-target-flags.js';
import { nameValues } from '../flags/flag-values.js';
import { groupSizeFlag } from '../flags/group-size-flag.js';
import { resumeFlag } from '../flags/resume-flag.js';
import { targetSizeFlag } from '../flags/target-size-flag.js';
import { typeRules, typesFlag } from '../flags/types-flag.js';
import { verboseFlag } from '../flags/verbose-flag.js';
import { exportSummary } from '../output/export-summary.js';
import { defaultOutput } from '../output/export-target.js';
import { discardFlag, keepingFinished } from '../progress/keep-finished.js';
import { showWriteProgress, type Written } from '../progress/show-write-progress.js';
import { checkModelFile } from '../sources/check-model-file.js';

export default class Quantize extends BaseCommand {
  static override description =
    'Quantize a v0 or v1 .bin file, or a GGUF file, to 8 bits (v2), or to 4 and 8 bits (v3)';
  static override examples = [
    '<%= config.bin %> quantize model.bin',
    '<%= config.bin %> quantize model.bin small.bin --version 3',
    '<%= config.bin %> quantize model.bin small.bin --version 3 --calibrate book.txt',
  ];
  static override enableJsonFlag = true;
  static override args = {
    in: Args.string({ description: 'v0 or v1 file, or GGUF file', required: true, ignoreStdin: true }),
    out: Args.string({ description: 'file to write; default: IN with -q8_0 or -q4', ignoreStdin: true }),
  };
  static override flags = nameValues({
    version: Flags.string({
      description: 'write this .bin version: 2 quantized to 8 bits, 3 to 4 and 8 bits; default 2',
      options: ['2', '3'],
    }),
    'group-size': groupSizeFlag(),
    types: typesFlag(),
    'target-size': targetSizeFlag(),
    calibrate: calibrateFlag(),
    force: Flags.boolean({ description: 'replace an existing OUT' }),
    resume: resumeFlag(),
    discard: discardFlag(),
    verbose: verboseFlag(),
  });

  override async run(): Promise<Written<ExportResult>> {
    const { args, flags } = await this.parse(Quantize);
    const version: 2 | 3 = flags.version === '3' ? 3 : 2;
    const to: ConvertTarget = `v${version}`;
    checkTargetFlags(to, flags);
    await checkModelFile(args.in);
    const options: QuantizeOptions = {
      input: args.in,
      output: args.out ?? defaultOutput(args.in, to, undefined),
      version,
      groupSize: flags['group-size'],
      types: typeRules(flags.types),
      targetSize: flags['target-size'],
      calibrate: await this.#calibration(args.in, flags.calibrate),
      force: flags.force,
      resume: flags.resume,
      signal: this.signal,
    };
    const result = await keepingFinished(flags.discard, ['quantize', ...this.argv], (onKept) =>
      withChosenKernels((kernels) =>
        showWriteProgress(quantizeModel({ ...options, kernels, onKept }), this, { isVerbose: flags.verbose }),
      ),
    );
    for (const line of exportSummary(result)) this.log(line);
    return result;
  }

  async #calibration(input: string, path: string | undefined): Promise<CalibrationText | undefined> {
    if (path === undefined) return undefined;
    const source = await openModelSource(input, { signal: this.signal });
    try {
      return await readCalibration(path, source);
    } finally {
      await source.close();
    }
  }
}
