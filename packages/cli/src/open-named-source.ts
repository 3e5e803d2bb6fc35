// Opens the checkpoint that --hf names.

import { basename } from 'node:path';
import { type Checkpoint, openSource } from '@llama-ts/exporter';
import { ToolkitError } from '@llama-ts/format';

/**
 * Opens a checkpoint's folder.
 *
 * @throws ToolkitError `SOURCE_NOT_FOUND` when no such folder is there
 */
export function openNamedSource(name: string, signal: AbortSignal): Promise<Checkpoint> {
  return openSource(name, {
    signal,
    download: async (repository) => {
      const folder = basename(repository);
      throw new ToolkitError('SOURCE_NOT_FOUND', `${repository}: no such folder, expected one that holds config.json`, {
        suggestions: [`hf download ${repository} --local-dir ${folder}`, `then: llama export --hf ./${folder}`],
      });
    },
  });
}
