// Picks a backend: the fastest that loads, or exactly the one asked for.
import { type Candidate, candidates } from './candidates.js';
import { type BackendName, backendNames, type Kernels } from './kernels.js';
import { checkThreads } from './program/physical-cores.js';
import { ToolkitError } from './toolkit-error.js';

/** Options of {@link openKernels}. */
export interface OpenKernelsOptions {
  /** This backend or an error; without it, the fastest that this machine can run. */
  readonly backend?: BackendName;
  /** Threads that compute, 1 to {@link MAX_THREADS}; the backend's own default without it. The reference computes on the caller's. */
  readonly threads?: number;
}

/** What became of one backend. */
export interface BackendProbe {
  readonly backend: BackendName;
  /** null: it runs here. */
  readonly rejection: Error | null;
}

/** What says that a backend cannot run here. */
const unavailable: ReadonlySet<string> = new Set(['BACKEND_UNAVAILABLE', 'BACKEND_UNSUPPORTED']);

/**
 * Opens the kernels of a backend.
 *
 * @throws ToolkitError `BACKEND_UNAVAILABLE` when the backend asked for cannot run here; `INVALID_ARGUMENT`; `LIMIT_EXCEEDED`
 *   when the system gives it too few threads or too little memory
 * @example const kernels = await openKernels();
 */
export async function openKernels(options: OpenKernelsOptions = {}): Promise<Kernels> {
  const { backend, threads } = options;
  if (backend !== undefined && !backendNames.includes(backend)) {
    throw new ToolkitError('INVALID_ARGUMENT', `backend "${backend}", expected one of ${backendNames.join(', ')}`);
  }
  if (threads !== undefined) checkThreads(threads);
  const rejections: string[] = [];
  const suggestions = new Set<string>();
  for (const candidate of candidates) {
    if (backend !== undefined && candidate.backend !== backend) continue;
    try {
      return await candidate.load(threads);
    } catch (error) {
      // Only a backend that cannot run here gives way to a slower one. Whatever else went wrong is to be mended or known.
      if (!(error instanceof ToolkitError && unavailable.has(error.code))) throw error;
      rejections.push(`${candidate.backend}: ${error.message}`);
      for (const suggestion of error.suggestions) suggestions.add(suggestion);
    }
  }
  const found = rejections.length > 0 ? rejections.join('; ') : 'not part of this installation';
  throw new ToolkitError('BACKEND_UNAVAILABLE', `backend ${backend ?? '(any)'} cannot run here: ${found}`, {
    suggestions: [...suggestions, 'see what runs here: llama doctor'],
  });
}

/** Loads every backend once and closes it again: which run on this machine, and why the others do not. */
export async function probeBackends(): Promise<readonly BackendProbe[]> {
  const probes: BackendProbe[] = [];
  for (const candidate of candidates) probes.push(await probe(candidate));
  return probes;
}

async function probe({ backend, load }: Candidate): Promise<BackendProbe> {
  try {
    const kernels = await load(1);
    await kernels.close();
    return { backend, rejection: null };
  } catch (error) {
    return { backend, rejection: asError(error) };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
