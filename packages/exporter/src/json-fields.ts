// Reads JSON files of a checkpoint within a size limit, and takes typed fields out of them.

import {
  type ErrorCode,
  errnoOf,
  isJsonTooDeep,
  isObject,
  isToolkitError,
  type JsonObject,
  MAX_JSON_DEPTH,
  pathStatus,
  readRemedies,
  readWholeFile,
  ToolkitError,
} from '@llama-ts/base';

const MAX_SHOWN_LENGTH = 80;
const MAX_SHOWN_DEPTH = 4;
const MAX_SHOWN_PARTS = 16;

/** Suggestions of errors about a file. */
export interface JsonFileOptions {
  /** Code of the errors. */
  readonly code: ErrorCode;
  /** Files over this are refused before they are read. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The object in a JSON file, or null when there is no such file. @throws ToolkitError with `options.code` */
export async function readJsonFile(path: string, options: JsonFileOptions): Promise<JsonObject | null> {
  const bytes = await readSmallFile(path, options);
  if (bytes === null) return null;
  return parseJson(bytes, path, options.code);
}

/** The object that a file's content is in JSON. @throws ToolkitError with `code` */
export function parseJson(bytes: Uint8Array, path: string, code: ErrorCode): JsonObject {
  if (isJsonTooDeep(bytes)) throw damaged(code, `${path}: JSON over ${MAX_JSON_DEPTH} levels deep, expected fewer`);
  return parseShallowJson(bytes, path, code);
}

/** parseJson for what is known not to be nested too deeply. @throws ToolkitError with `code` */
export function parseShallowJson(bytes: Uint8Array, path: string, code: ErrorCode): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(code, `${path}: is not JSON in UTF-8: ${(cause as Error).message}`, cause);
  }
  if (!isObject(json)) throw damaged(code, `${path}: ${show(json)}, expected a JSON object`);
  return json;
}

/** A file's bytes, or null when there is no such file. @throws ToolkitError with `options.code` */
export async function readSmallFile(path: string, options: JsonFileOptions): Promise<Uint8Array | null> {
  try {
    // Before opening: opening a pipe would wait for a writer.
    const found = await pathStatus(path);
    if (!found.isFile) throw unreadable(path, 'is not a regular file');
    const { size } = found;
    if (size > options.maxBytes) {
      throw damaged(options.code, `${path}: ${size} bytes, expected at most ${options.maxBytes}`);
    }
    return await readWholeFile(path, options.signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isToolkitError(error)) throw error;
    if (errnoOf(error) === 'ENOENT') return null;
    throw unreadable(path, `cannot be read (${errnoOf(error)})`, error);
  }
}

/** The error of a file of a checkpoint that exists and cannot be read. */
export function unreadable(path: string, problem: string, cause?: unknown): ToolkitError {
  return new ToolkitError('FILE_UNREADABLE', `${path}: ${problem}`, { suggestions: readRemedies(path, cause), cause });
}

/** A value for a message: short, on one line. Looks at its outermost parts only, however deep or long it is. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : sketch(value, 0);
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}

/** The beginning of a value's JSON, with … for what is nested deeper or comes later. */
function sketch(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN_LENGTH));
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === MAX_SHOWN_DEPTH) return '…';
  const inner = (part: unknown): string => sketch(part, depth + 1);
  if (Array.isArray(value)) return `[${joinFirst(value, inner)}]`;
  return `{${joinFirst(Object.entries(value), ([key, part]) => `${inner(key)}:${inner(part)}`)}}`;
}

function joinFirst<T>(items: readonly T[], text: (item: T) => string): string {
  const first = items.slice(0, MAX_SHOWN_PARTS).map(text).join(',');
  return items.length > MAX_SHOWN_PARTS ? `${first},…` : first;
}

function damaged(code: ErrorCode, message: string, cause?: unknown): ToolkitError {
  return new ToolkitError(code, message, {
    suggestions: ['download the file again, then run the same command again'],
    cause,
  });
}
