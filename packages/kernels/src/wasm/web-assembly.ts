// The types of the WebAssembly API as it is used here: the types of this version of Node lack the global.

/** A compiled module: opaque, and cloned to workers. */
export interface WasmModule {
  readonly kind?: 'module';
}

/** A memory shared between threads. */
export interface SharedMemory {
  /** A new object after each growth, of the same bytes. */
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

export interface WasmGlobal {
  value: number;
}

interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  /** Whether the engine accepts a module: whether it knows all of its instructions. */
  validate(bytes: Uint8Array): boolean;
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => SharedMemory;
  instantiate(module: WasmModule, imports: object): Promise<{ readonly exports: object }>;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
