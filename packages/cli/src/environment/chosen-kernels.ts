// The kernels that LLAMA_KERNELS names, for the commands that convert weights rather than run a model.

import { type BackendName, type Kernels, openKernels } from '@llama-ts/kernels';

/** The value of LLAMA_KERNELS; undefined when it is unset or empty. Opening the kernels checks the name. */
export function backendOfEnvironment(): BackendName | undefined {
  return (process.env.LLAMA_KERNELS || undefined) as BackendName | undefined;
}

/**
 * Opens the kernels that LLAMA_KERNELS names, calls `work` with them, and closes them. Without the variable `work` gets
 * undefined, which means the fastest backend that runs here.
 *
 * @throws ToolkitError `BACKEND_UNAVAILABLE`, `INVALID_ARGUMENT`, and what the work throws
 */
export function withChosenKernels<T>(work: (kernels: Kernels | undefined) => Promise<T>): Promise<T> {
  return withKernelsOf(backendOfEnvironment(), work);
}

/** The same with the kernels of `backend`; undefined means the fastest. @throws ToolkitError as {@link withChosenKernels} does */
export async function withKernelsOf<T>(
  backend: BackendName | undefined,
  work: (kernels: Kernels | undefined) => Promise<T>,
): Promise<T> {
  if (backend === undefined) return work(undefined);
  const kernels = await openKernels({ backend });
  try {
    return await work(kernels);
  } finally {
    await kernels.close();
  }
}
