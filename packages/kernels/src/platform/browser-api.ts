// The parts of a browser's interface in use: the sources are compiled without the browser's types, which would hide a
// `window` that Node does not have.

/** A dedicated worker, from outside. */
export interface WebWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** The globals of a page and of a worker. */
export interface BrowserGlobals {
  /** Whether threads may share memory. */
  readonly crossOriginIsolated?: boolean;
  readonly navigator: { readonly hardwareConcurrency?: number };
  /** Receives messages in a dedicated worker. */
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  /** Reports an error that nothing caught to the page that started the worker. */
  reportError(error: unknown): void;
}

export const browser = globalThis as unknown as BrowserGlobals;
