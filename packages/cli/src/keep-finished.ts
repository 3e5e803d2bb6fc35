// What an interrupted export had finished stays for the next run, which is said; --discard removes it.

import { isToolkitError, ToolkitError } from '@llama-ts/format';
import { Flags } from '@oclif/core';
import { commandLine } from './shell-words.js';

/** Told of what was kept. */
export type OnKept = (kept: { readonly nTensors: number }) => void;

export function discardFlag() {
  return Flags.boolean({
    description: 'when interrupted, remove what is finished; by default the next run goes on from it',
  });
}

/**
 * Does work that keeps what it finished.
 *
 * @param words of the command, which goes on when it is typed again
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
    const tensors = nKept === 1 ? 'tensor is' : 'tensors are';
    throw new ToolkitError(
      error.code,
      `${error.message}; ${nKept} finished ${tensors} kept, and the same command goes on`,
      {
        suggestions: [commandLine(['llama', ...words])],
      },
    );
  }
}
