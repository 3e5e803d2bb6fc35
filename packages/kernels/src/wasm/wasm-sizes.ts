// Sizes of the memory that the WebAssembly workers share.

/** A page of WebAssembly memory. */
export const PAGE_BYTES = 65536;

/** The most that 32-bit addresses reach. */
export const MAX_MEMORY_BYTES = 2 ** 32;

/** Pages for the module's data and the caller's stack; instantiation fails when they are too few. */
export const MODULE_PAGES = 16;

/** The stack of one thread; kernels keep tiles of a few kilobytes there. */
export const STACK_BYTES = 256 * 1024;
