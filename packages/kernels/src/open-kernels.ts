// Opens the fastest backend that runs here, or exactly the one asked for.
import { isToolkitError, ToolkitError } from '@llama-ts/base';
import { type Candidate, candidates } from './candidates.js';
import { type BackendName, backendNames, type Kernels } from './kernels.js';
import { checkThreads } from './program/threads.js';
import { type ChosenTuning, checkTuning, type ForcedTuning } from './tuning.js';
import type { ChosenWasmModule } from './wasm/wasm-modules.js';

/** Options of {@link openKernels}. */
export interface OpenKernelsOptions {
  /** Exactly this backend; default the fastest that this machine can run. */
  readonly backend?: BackendName;
  /** Threads that compute, 1 to {@link MAX_THREADS}; the backend's own default without it. The reference computes on the caller's. */
  readonly threads?: number;
  /** Choices in place of those for this CPU or engine, for measurements. They change no bit. */
  readonly tuning?: ForcedTuning;
  /**
   * A folder for files that can be made again. On a CPU that is not listed, native kernels then measure once which choices are
   * faster, and keep the result there.
   */
  readonly cacheFolder?: string;
}

/** Whether one backend runs here. */
export interface BackendProbe {
  readonly backend: BackendName;
  /** null: it runs here. */
  readonly rejection: Error | null;
  /** What it chooses for this CPU; null if it does not run here or has nothing to choose. */
  readonly tuning: ChosenTuning | null;
  /** The module of WebAssembly; null for others, or if it does not run here. */
  readonly wasmModule: ChosenWasmModule | null;
}

/** Codes of errors that say that a backend cannot run here. */
const unavailable: ReadonlySet<string> = new Set(['BACKEND_UNAVAILABLE', 'BACKEND_UNSUPPORTED']);

/**
 * Opens the kernels of a backend.
 *
 * @throws ToolkitError `BACKEND_UNAVAILABLE` when the backend asked for cannot run here; `INVALID_ARGUMENT`; `LIMIT_EXCEEDED`
 *   when the system gives it too few threads or too little memory
 * @example const kernels = await openKernels();
 */
export async function openKernels(options: OpenKernelsOptions = {}): Promise<Kernels> {
  const { backend, threads, tuning, cacheFolder } = options;
  if (backend !== undefined && !backendNames.includes(backend)) {
    throw new ToolkitError('INVALID_ARGUMENT', `backend "${backend}", expected one of ${backendNames.join(', ')}`);
  }
  if (threads !== undefined) checkThreads(threads);
  if (tuning !== undefined) checkTuning(tuning);
  const rejections: string[] = [];
  const suggestions = new Set<string>();
  for (const candidate of candidates) {
    if (backend !== undefined && candidate.backend !== backend) continue;
    try {
      return await candidate.load({ threads, tuning, cacheFolder });
    } catch (error) {
      // Only a backend that cannot run here is skipped. Any other error is one to report.
      if (!(isToolkitError(error) && unavailable.has(error.code))) throw error;
      rejections.push(`${candidate.backend}: ${error.message}`);
      for (const suggestion of error.suggestions) suggestions.add(suggestion);
    }
  }
  const found = rejections.length > 0 ? rejections.join('; ') : 'not part of this installation';
  throw new ToolkitError('BACKEND_UNAVAILABLE', `backend ${backend ?? '(any)'} cannot run here: ${found}`, {
    suggestions: [...suggestions, 'see what runs here: llama doctor'],
  });
}

/**
 * Loads every backend once and closes it again: which run on this machine, and why the others do not.
 *
 * @param tuning forced choices
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export async function probeBackends(tuning: ForcedTuning = {}): Promise<readonly BackendProbe[]> {
  checkTuning(tuning);
  const probes: BackendProbe[] = [];
  for (const candidate of candidates) probes.push(await probe(candidate, tuning));
  return probes;
}

async function probe({ backend, load }: Candidate, tuning: ForcedTuning): Promise<BackendProbe> {
  try {
    const kernels = await load({ threads: 1, tuning });
    await kernels.close();
    return { backend, rejection: null, tuning: kernels.tuning, wasmModule: kernels.wasmModule };
  } catch (error) {
    return { backend, rejection: asError(error), tuning: null, wasmModule: null };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
