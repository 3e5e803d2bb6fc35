// One user at a time: of the kernels, which refuse a second one, and of a model, whose users wait for one another.

import { ToolkitError } from '@llama-ts/format';

/** Runs work, or refuses it with `MODEL_BUSY` while other work is under way: its arrays must not change meanwhile. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let isBusy = false;
  return async (work) => {
    if (isBusy) {
      throw new ToolkitError('MODEL_BUSY', 'model: called while a pass is under way, expected one at a time', {
        suggestions: [
          'take turns: await model.turn(() => model.forward(…))',
          'run requests together: createEngine(model)',
        ],
      });
    }
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  };
}

/** Runs one work after another, in the order they were asked for. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
