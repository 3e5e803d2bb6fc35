// The one table of exit codes: which kind of failure each error code is.

/** Exit code of each kind of failure. */
export const exitCodes = {
  success: 0,
  usage: 2,
  badInput: 3,
  gateFailed: 3,
  network: 4,
  authorisation: 5,
  disk: 6,
  limit: 7,
  internal: 8,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** Codes that are not bad input. A full code wins over a prefix, which ends in `*`. */
const exceptions: Readonly<Record<string, number>> = {
  BROKEN_PIPE: exitCodes.success,
  USAGE: exitCodes.usage,
  INVALID_OPTION: exitCodes.usage,
  INVALID_ARGUMENT: exitCodes.usage,
  BAD_GROUP_SIZE: exitCodes.usage,
  BACKEND_UNAVAILABLE: exitCodes.usage,
  BAD_BOUND: exitCodes.usage,
  'OUTPUT_*': exitCodes.usage,
  OUTPUT_READ_ONLY: exitCodes.disk,
  BAD_TOKEN: exitCodes.authorisation,
  BAD_ENDPOINT: exitCodes.usage,
  BAD_REPO_ID: exitCodes.usage,
  BAD_REVISION: exitCodes.usage,
  'HUB_*': exitCodes.network,
  HUB_REPO_NOT_FOUND: exitCodes.badInput,
  HUB_REVISION_NOT_FOUND: exitCodes.badInput,
  HUB_FILE_NOT_FOUND: exitCodes.badInput,
  HUB_UNAUTHORIZED: exitCodes.authorisation,
  HUB_FORBIDDEN: exitCodes.authorisation,
  HUB_GATED: exitCodes.authorisation,
  'CACHE_*': exitCodes.disk,
  DISK_FULL: exitCodes.disk,
  WRITE_FAILED: exitCodes.disk,
  FILE_UNWRITABLE: exitCodes.disk,
  LIMIT_EXCEEDED: exitCodes.limit,
  CONTEXT_EXCEEDED: exitCodes.limit,
  MODEL_TOO_LARGE_FOR_WASM: exitCodes.limit,
  INTERNAL: exitCodes.internal,
  ENGINE_CLOSED: exitCodes.internal,
  HUNG_UP: exitCodes.hungUp,
  MODEL_BUSY: exitCodes.internal,
  MODEL_CLOSED: exitCodes.internal,
  INTERRUPTED: exitCodes.interrupted,
  TERMINATED: exitCodes.terminated,
};

/** Exit code for the code of a ToolkitError; a code without an entry means that the input is at fault. */
export function exitCodeOf(code: string): number {
  const prefix = `${code.slice(0, code.indexOf('_') + 1)}*`;
  return exceptions[code] ?? exceptions[prefix] ?? exitCodes.badInput;
}
