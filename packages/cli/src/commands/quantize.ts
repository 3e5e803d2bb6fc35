// llama quantize: a v0 or v1 file becomes a v2 one.

import { type ExportResult, quantizeModel } from '@llama-ts/exporter';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { checkModelFile } from '../check-model-file.js';
import { withChosenKernels } from '../chosen-kernels.js';
import { exportSummary } from '../export-summary.js';
import { groupSizeFlag } from '../group-size-flag.js';
import { discardFlag, keepingFinished } from '../keep-finished.js';
import { resumeFlag } from '../resume-flag.js';
import { showWriteProgress, type Written } from '../show-write-progress.js';
import { verboseFlag } from '../verbose-flag.js';

export default class Quantize extends BaseCommand {
  static override description = 'Quantize a v0 or v1 .bin file to 8 bits (v2)';
  static override examples = ['<%= config.bin %> quantize model.bin', '<%= config.bin %> quantize model.bin small.bin'];
  static override enableJsonFlag = true;
  static override args = {
    in: Args.string({ description: 'v0 or v1 file', required: true, ignoreStdin: true }),
    out: Args.string({ description: 'file to write; default: IN with -q8_0', ignoreStdin: true }),
  };
  static override flags = {
    'group-size': groupSizeFlag(),
    force: Flags.boolean({ description: 'replace OUT if it is there' }),
    resume: resumeFlag(),
    discard: discardFlag(),
    verbose: verboseFlag(),
  };

  override async run(): Promise<Written<ExportResult>> {
    const { args, flags } = await this.parse(Quantize);
    await checkModelFile(args.in);
    const options = {
      input: args.in,
      output: args.out ?? defaultOutput(args.in),
      groupSize: flags['group-size'],
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
}

function defaultOutput(input: string): string {
  return `${input.replace(/\.bin$/, '')}-q8_0.bin`;
}
