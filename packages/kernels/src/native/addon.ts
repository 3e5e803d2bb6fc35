// Finds and loads the compiled addon: the local build, then the platform's package.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { installRemedy } from '../install-remedy.js';
import { type BackendName, backendNames } from '../kernels.js';
import { ToolkitError } from '../toolkit-error.js';

/** native/addon/addon.cc */
export interface Addon {
  supportedBackends(): BackendName[];
  addressOf(buffer: ArrayBuffer): number;
  detach(buffer: ArrayBuffer): void;
  readonly Executor: new (backend: BackendName, threads: number, onDone: () => void) => Executor;
  /** Maps the file; without `fd` it is memory in large pages. Absent where files cannot be mapped. */
  readonly FileMemory?: new (
    byteLength: number,
    fd?: number,
  ) => FileMemory;
  /** Absent where the CPU has no instructions for SHA-256. `onHashed` is called when pieces may be taken. */
  readonly Sha256Streams?: new (
    onHashed: () => void,
  ) => Sha256Streams;
}

export interface Executor {
  /** The index of an operation it refuses; -1 when it is under way and `onDone` will be called. */
  start(words: Float64Array, length: number): number;
  cancel(): void;
  /** To be called once after `onDone`. */
  nonFinite(): boolean;
  close(): void;
}

export interface FileMemory {
  view(byteOffset: number, byteLength: number): ArrayBuffer;
  shrank(): boolean;
  close(): void;
}

/** Streams by number; what it is given is hashed on its own thread, several streams at once. */
export interface Sha256Streams {
  open(): number;
  /** The bytes must be kept, and stay as they are, until `takeHashed` names the piece. */
  update(stream: number, bytes: Uint8Array, piece: number): void;
  takeHashed(): number[];
  /** Ends a stream of which every piece was taken. */
  digest(stream: number): Uint8Array;
  /** Ends a stream without a digest. */
  discard(stream: number): void;
}

const require = createRequire(import.meta.url);

/** Backends compiled for this architecture; another architecture's cannot run here, whatever is installed. */
const architectureBackends: Readonly<Record<string, readonly BackendName[]>> = {
  x64: ['avx512vnni', 'avx512', 'avx2', 'generic'],
  arm64: ['neon', 'generic'],
};

const unsupported = {
  suggestions: ['take the fastest of this machine: leave out --backend'],
};

/** The addon, with `backend` among those it can run. @throws ToolkitError `BACKEND_UNSUPPORTED`, `BACKEND_UNAVAILABLE` */
export function loadAddon(backend: BackendName): Addon {
  const ofArchitecture = architectureBackends[process.arch] ?? ['generic'];
  if (!ofArchitecture.includes(backend)) {
    throw new ToolkitError(
      'BACKEND_UNSUPPORTED',
      `${backend} is not an instruction set of ${process.arch}`,
      unsupported,
    );
  }
  const addon = requireAddon();
  if (!addon.supportedBackends().includes(backend)) {
    throw new ToolkitError('BACKEND_UNSUPPORTED', `this CPU lacks the instructions of ${backend}`, unsupported);
  }
  return addon;
}

/** The addon, whatever backends this CPU can run; null where none loads. */
export function findAddon(): Addon | null {
  try {
    return requireAddon();
  } catch {
    return null;
  }
}

/** Backends of the addon, in the order of {@link backendNames}. */
export const nativeBackends: readonly BackendName[] = backendNames.filter((n) => n !== 'wasm' && n !== 'reference');

function requireAddon(): Addon {
  const failures: string[] = [];
  const local = fileURLToPath(new URL('../build/Release/llama_kernels.node', import.meta.url));
  try {
    return require(local) as Addon;
  } catch (error) {
    failures.push(`local build: ${firstLine(error)}`);
  }
  const packaged = platformPackage();
  try {
    return require(packaged) as Addon;
  } catch (error) {
    failures.push(`${packaged}: ${firstLine(error)}`);
  }
  throw new ToolkitError('BACKEND_UNAVAILABLE', `no native kernels: ${failures.join('; ')}`, {
    suggestions: [installRemedy(packaged)],
  });
}

function platformPackage(): string {
  const { platform, arch } = process;
  return `@llama-ts/kernels-${platform}-${arch}${platform === 'linux' ? (isMusl() ? '-musl' : '-glibc') : ''}`;
}

function isMusl(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
