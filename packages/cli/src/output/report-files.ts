// Report files: checked before the work starts, then written whole or not at all, replacing older ones.

import { resolve } from 'node:path';
import { ToolkitError } from '@llama-ts/base';
import { checkOutput, checkWritable, createDurableFile } from '@llama-ts/durable';

/** Reports of one command, to be written once their texts are there. */
export interface ReportFiles {
  /** Refuses reports over more inputs, known only now. @throws ToolkitError `OUTPUT_IS_INPUT` and what checkOutput throws */
  spare(inputs: readonly string[]): Promise<void>;
  /** Writes the text to a report's path; does nothing for one that was not asked for. */
  write(path: string | undefined, text: () => string): Promise<void>;
}

/**
 * Checks where reports will go.
 *
 * @param paths undefined for a report that was not asked for
 * @param inputs what the command reads, as the user named it: files among them are never written over
 * @throws ToolkitError `USAGE` for one path named twice; what checkOutput throws
 */
export async function reportFiles(
  paths: readonly (string | undefined)[],
  inputs: readonly (string | undefined)[],
): Promise<ReportFiles> {
  const outputs = paths.filter((path) => path !== undefined);
  const options = { force: true, inputs: inputs.filter((input) => input !== undefined) };
  for (const [i, path] of outputs.entries()) {
    await checkWritable(path, options);
    if (outputs.findIndex((other) => resolve(other) === resolve(path)) === i) continue;
    throw new ToolkitError('USAGE', `${path}: is named for two reports, expected a file for each`);
  }
  return {
    async spare(more) {
      options.inputs.push(...more);
      for (const path of outputs) await checkOutput(path, options);
    },
    async write(path, text) {
      if (path === undefined) return;
      const file = await createDurableFile(path, options);
      try {
        const bytes = Buffer.from(text());
        await file.writeAt(bytes, 0);
        await file.commit(bytes.byteLength);
      } finally {
        await file.discard();
      }
    },
  };
}
