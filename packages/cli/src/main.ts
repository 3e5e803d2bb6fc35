// Runs the command line: oclif dispatches, failures become one message and an exit code.

import { fileURLToPath } from 'node:url';
import { run } from '@oclif/core';
import { exitCodeOf, exitCodes } from './failure/exit-codes.js';
import { reportSurprises } from './failure/leave.js';
import { reportFailure, showFailure, wasReported } from './failure/report-failure.js';
import { lostOutput, settleOutput, watchOutput } from './terminal/output-guard.js';

/** Words that ask for the version, alone or with flags of `llama version`. */
const versionWords = ['-V', '-v', '--version'];

/**
 * Runs the command that the process's arguments name.
 *
 * @param binUrl URL of the bin file, from which oclif finds the package
 */
export async function runLlama(binUrl: string): Promise<void> {
  const args = process.argv.slice(2);
  if (versionWords.includes(args[0] ?? '')) args[0] = 'version';
  const options = { json: args.includes('--json'), debug: Boolean(process.env.DEBUG) };
  watchOutput();
  reportSurprises(options);
  try {
    // There are no user plugins, so their folder is not searched for.
    await run(args, { root: fileURLToPath(binUrl), userPlugins: false });
  } catch (error) {
    reportFailure(error, options);
  }
  await settleOutput();
  reportLostOutput();
}

/** The last write may have failed after the command had ended. */
function reportLostOutput(): void {
  const lost = lostOutput();
  if (lost === null || wasReported(lost)) return;
  if (Number(process.exitCode ?? exitCodes.success) === exitCodes.success) process.exitCode = exitCodeOf(lost.code);
  showFailure(lost);
}
