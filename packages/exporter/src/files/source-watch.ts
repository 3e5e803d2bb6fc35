// Notices that a source changed while it was read: the output would be of two models.

import { ToolkitError } from '@llama-ts/base';

/** A source as it was found. */
export interface SourceWatch {
  /** Changes when the source does. */
  readonly identity: string;
  /** @throws ToolkitError `SOURCE_CHANGED` once the source is another */
  checkUnchanged(): Promise<void>;
}

/** Takes note of a source as it is. @param identify changes its result when the source changes */
export async function watchSource(name: string, identify: () => Promise<string>): Promise<SourceWatch> {
  const identity = await identify();
  return {
    identity,
    async checkUnchanged() {
      if ((await identify()) === identity) return;
      throw new ToolkitError('SOURCE_CHANGED', `${name}: changed while it was read, expected it not to`, {
        suggestions: ['wait until nothing writes to it, then run the same command again'],
      });
    },
  };
}
