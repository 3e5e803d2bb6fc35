// Runs the command line: oclif dispatches, failures become one message and an exit code.

import { run } from '@oclif/core';
import { reportFailure } from './report-failure.js';
import { checkPluginUsage } from './usage/plugin-usage.js';

/** Words that ask for the version, alone or with flags of `llama version`. */
const versionWords = ['-V', '-v', '--version'];

/**
 * Runs the command that the process's arguments name.
 *
 * @param binUrl URL of the bin file, from which oclif finds the package
 */
export async function runLlama(binUrl: string): Promise<void> {
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  const args = process.argv.slice(2);
  if (versionWords.includes(args[0] ?? '')) args[0] = 'version';
  try {
    checkPluginUsage(args);
    await run(args, binUrl);
  } catch (error) {
    reportFailure(error, { json: args.includes('--json'), debug: Boolean(process.env.DEBUG) });
  }
}

/** A reader that has seen enough, as in `llama run | head`, is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
