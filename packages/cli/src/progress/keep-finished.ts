// Says how many finished tensors an interrupted export kept for the next run; --discard removes them.

import { commandLine, isToolkitError, ToolkitError } from '@llama-ts/base';
import { Flags } from '@oclif/core';

/** Called with the tensors that were kept. */
export type OnKept = (kept: { readonly nTensors: number }) => void;

export function discardFlag() {
  return Flags.boolean({
    description: 'remove finished tensors when interrupted; by default the next run resumes from them',
  });
}

/**
 * Does work that keeps what it finished.
 *
 * @param words of the command, which resumes when it is typed again
 * @throws ToolkitError what the work throws; for an interruption with how much was kept
 */
export async function keepingFinished<Result>(
  isDiscarded: boolean,
  words: readonly string[],
  work: (onKept: OnKept | undefined) => Promise<Result>,
): Promise<Result> {
  let nKept = 0;
  const onKept: OnKept = ({ nTensors }) => {
    nKept = nTensors;
  };
  try {
    return await work(isDiscarded ? undefined : onKept);
  } catch (error) {
    if (nKept === 0 || !isToolkitError(error)) throw error;
    const message = `${error.message}; finished tensors are kept (${nKept}), and the same command resumes`;
    throw new ToolkitError(error.code, message, { suggestions: [commandLine(['llama', ...words])] });
  }
}
