// What the kernels ask of the machine they run on: node.ts answers for Node, browser.ts for browsers.

import type { BackendOptions } from '../backend-options.js';
import type { BackendName, Kernels } from '../kernels.js';
import type { WasmModuleName } from '../wasm/wasm-modules.js';
import type { ThreadStart } from '../wasm/wasm-thread.js';

/** A worker thread of the WebAssembly kernels, which waits for work. */
export interface WorkerThread {
  /** Called whenever the thread says that a program is computed. */
  onDone(callback: () => void): void;
  /** Called when the thread ends unexpectedly, for example out of memory. */
  onError(callback: (error: unknown) => void): void;
  /** Whether the thread keeps the process alive. A page lives as long as it is open. */
  keepAlive(isNeeded: boolean): void;
  terminate(): Promise<void>;
}

/** A digest in progress. */
export interface Sha256 {
  /** Adds bytes. They must not change until the promise resolves; it never rejects. */
  update(bytes: Uint8Array): Promise<void>;
  /** Ends the digest, and returns it once all bytes are hashed: 32 bytes. */
  digest(): Promise<Uint8Array>;
}

/** A backend of compiled code. */
export interface NativeBackend {
  readonly backend: BackendName;
  /** Rejects when it cannot run here. */
  readonly open: (threads: number, options: BackendOptions) => Promise<Kernels>;
}

/** Functions that differ between Node and a browser. */
export interface Platform {
  /** The backends of compiled code, fastest first. */
  readonly nativeBackends: readonly NativeBackend[];
  /** Starts a digest by compiled code, on a thread of its own; null if the platform has none. */
  nativeSha256(): (() => Sha256) | null;
  /** CPUs that this process may use, siblings of a core counted each. */
  availableCores(): number;
  /** CPU cores, siblings counted once; undefined where the system does not tell. */
  countCores(): number | undefined;
  /** Why threads cannot share memory here, and what to do about it; null where they can. */
  whyUnshared(): { readonly reason: string; readonly suggestions: readonly string[] } | null;
  /** The bytes of a module of the WebAssembly kernels. */
  readModule(name: WasmModuleName): Promise<Uint8Array>;
  /** Starts a thread; resolves once it waits for work. */
  startThread(start: ThreadStart): Promise<WorkerThread>;
}
