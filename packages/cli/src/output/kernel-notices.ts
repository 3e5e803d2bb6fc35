// Notices about kernels that are slower than they could be.

import type { BackendName } from '@llama-ts/kernels';
import type { Model } from '@llama-ts/runtime';
import { completed } from '../failure/typed-command.js';

/** The kernels that the user asked for. */
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
        `that run wait for those that do not\n  ${completed('faster, with the same answer: leave out --threads')}`,
    );
  }
  if (backend === undefined && (model.backend === 'wasm' || model.backend === 'reference')) {
    notices.push(
      `no native kernels run here, and the ${model.backend} kernels are slower\n  what the others lack: llama doctor`,
    );
  }
  return notices;
}
