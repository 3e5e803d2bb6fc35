// Public names of @llama-ts/durable.

export type { ByteRun } from './byte-run.js';
export { checkOutput, checkWritable, type OutputOptions } from './check-output.js';
export { type DiskNeed, diskNeeds } from './disk-space.js';
export { createDurableFile, type DurableFile, type DurableFileOptions } from './durable-file.js';
export {
  checkOutputFolder,
  createDurableFolder,
  type DurableFolder,
  type DurableFolderOptions,
} from './durable-folder.js';
export { describeFileFailure, type FailureNames } from './file-failure.js';
export { FILE_LAYER, type FileLayer, syncFolder, writeAll } from './file-layer.js';
export type { JournalEntry } from './journal.js';
export { type LineFile, type LineFileOptions, openLineFile } from './line-file.js';
export { makeFolder } from './make-folder.js';
export { createOwnFile, type OpenOwnOptions, openOwnAppendFile, openOwnFile } from './own-file.js';
export { createOwner, isGone, isOwner, retireOwner } from './process-identity.js';
export { keyOf } from './resume-key.js';
export { describeWriteFailure } from './write-failure.js';
