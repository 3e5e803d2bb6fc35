// What is said of kernels that are slower than they could be: nobody should have to find out by the clock.

import type { BackendName } from '@llama-ts/kernels';
import type { Model } from '@llama-ts/runtime';

/** What the user asked for. */
export interface KernelChoice {
  readonly threads: number | undefined;
  readonly backend: BackendName | undefined;
}

/** A sentence for each way in which the model is slower than it could be. */
export function kernelNotices(
  { threads, backend }: KernelChoice,
  model: Pick<Model, 'backend'>,
  cores: number,
): string[] {
  const notices: string[] = [];
  if (model.backend === 'reference') {
    if (threads !== undefined)
      notices.push(`--threads ${threads} has no effect: the reference kernels compute on one thread`);
  } else if (threads !== undefined && threads > cores) {
    notices.push(
      `${threads} threads on ${cores} ${cores === 1 ? 'core' : 'cores'}: every token takes longer, up to many times, since threads ` +
        `that run wait for those that do not; --threads ${cores} or none is faster, with the same answer`,
    );
  }
  if (backend === undefined && (model.backend === 'wasm' || model.backend === 'reference')) {
    notices.push(
      `no native kernels run here, and the ${model.backend} kernels are slower: llama doctor says what the others lack`,
    );
  }
  return notices;
}
