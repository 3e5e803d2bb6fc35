// Public names of @llama-ts/base.

export {
  type BlobLike,
  type ByteSource,
  blobSource,
  bytesSource,
  type Reading,
  readingSource,
  reasonOf,
} from './byte-source.js';
export { bytesOfBase64, bytesOfHex, concatBytes, equalBytes, hexOf, latin1 } from './bytes.js';
export { crc32 } from './crc32.js';
export { createSha256, sha256 } from './digest.js';
export { errnoOf } from './errno.js';
export { type ErrorCode, type ErrorKind, errorCodes, errorKind, errorKinds } from './error-codes.js';
export { type FileFormat, type FormatId, isText, recogniseFormat, SNIFF_BYTES } from './file-format.js';
export { readRemedies, writeRemedies } from './file-remedies.js';
export { isJsonTooDeep, MAX_JSON_DEPTH } from './json-depth.js';
export { isObject, type JsonObject } from './json-object.js';
export { addressesLeft, freeMemory, nextTask } from './machine.js';
export { type MountedFile, type MountedFolder, mountFolder } from './mounted-folder.js';
export { matchesName } from './name-pattern.js';
export { nearest } from './nearest.js';
export { nameOf, type Openable, openFile, openSource } from './open-source.js';
export { basename, dirname, joinPath, listFolder, pathStatus, readWholeFile, resolvePath } from './paths.js';
export type { ByteSink, Digest, FolderEntry, PathStatus } from './platform/platform.js';
export { escapeControls, quote } from './quote.js';
export { commandLine, shellQuote, shellWord } from './shell-quote.js';
export { TOOL } from './tool.js';
export { isToolkitError, ToolkitError, type ToolkitErrorOptions } from './toolkit-error.js';
export { byteSize, freeSpace, PAGE_BYTES } from './units.js';
export { type PartsOfBytes, writeParts } from './write-parts.js';
export { writeWholeFile } from './write-whole-file.js';
