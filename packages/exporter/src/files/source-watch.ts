// Notices that a source changed while it was read: the output would be of two models.

import { ToolkitError } from '@llama-ts/format';

/**
 * Takes note of a source as it is; what is returned throws once it is another.
 *
 * @param identity changes when the source does
 * @throws ToolkitError `SOURCE_CHANGED`, from what is returned
 */
export async function watchSource(name: string, identity: () => Promise<string>): Promise<() => Promise<void>> {
  const before = await identity();
  return async () => {
    if ((await identity()) === before) return;
    throw new ToolkitError('SOURCE_CHANGED', `${name}: changed while it was converted, expected it not to`, {
      suggestions: ['wait until nothing writes to it, then run the same command again'],
    });
  };
}
