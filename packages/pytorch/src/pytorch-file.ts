// A lazily read file of torch.save: which tensors it holds at once, and the bytes of each when they are asked for.

import {
  type BlobLike,
  type ByteSource,
  blobSource,
  crc32,
  escapeControls,
  openFile,
  quote,
  recogniseFormat,
  SNIFF_BYTES,
  ToolkitError,
} from '@llama-ts/base';
import { startCrcCheck } from './checked-crc.js';
import { badArchive, badTensor, notPytorch, overLimit } from './failures.js';
import { MAX_PICKLE_BYTES } from './limits.js';
import { isKind, type PickleDict, type PickleValue, type TorchDtype, torchDtypeBytes } from './pickle-values.js';
import { stateDictOf, tensorsIn } from './state-dict.js';
import { unpickle } from './unpickle.js';
import { readZipDirectory, type ZipEntry } from './zip-directory.js';

/** Longest text of a small entry: `little` or `big`. */
const MAX_WORD_BYTES = 16;

/** A tensor's type, shape and place in the file. Elements are little-endian, in row-major order. */
export interface PytorchTensor {
  readonly name: string;
  readonly dtype: TorchDtype;
  /** Lengths of the dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Offset of the first byte, counted from the start of the file. */
  readonly byteOffset: number;
  /** Bytes of all elements. */
  readonly byteLength: number;
}

/** Options of {@link openPytorch}. */
export interface OpenPytorchOptions {
  /** The file's name for messages. Default: the path, or "blob". */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link PytorchFile.read}. */
export interface ReadTensorOptions {
  /** First byte wanted, counted from the start of the tensor. Default 0. */
  readonly start?: number | undefined;
  /** One past the last byte wanted. Default: the tensor's length. */
  readonly end?: number | undefined;
  /** Where to put the bytes; at least `end − start` long. Without it a new array is made. */
  readonly into?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a file that torch.save wrote (PyTorch 1.6 or later) and checks its directory, its pickle and where its tensors are;
 * reads no tensor. Nothing of the file is executed.
 *
 * @param source a path, or a Blob or anything like it
 * @throws ToolkitError `NOT_PYTORCH`, `PYTORCH_ARCHIVE`, `PYTORCH_PICKLE`, `PYTORCH_TENSOR`, `LIMIT_EXCEEDED`,
 *   `FILE_NOT_FOUND`, `FILE_UNREADABLE`
 * @example
 * const file = await openPytorch('consolidated.00.pth');
 * for (const { name, dtype, shape } of file.tensors.values()) console.log(name, dtype, shape);
 * const bytes = await file.read('norm.weight');
 * await file.close();
 */
export async function openPytorch(source: string | BlobLike, options: OpenPytorchOptions = {}): Promise<PytorchFile> {
  const { signal } = options;
  signal?.throwIfAborted();
  const name = options.name ?? (typeof source === 'string' ? source : 'blob');
  const bytes = typeof source === 'string' ? await openFile(source, name) : blobSource(source, name);
  try {
    await checkFormat(bytes, signal);
    const entries = await readZipDirectory(bytes, signal);
    const folder = folderOf(entries, name);
    await checkByteOrder(bytes, entries.get(`${folder}/byteorder`), signal);
    const root = unpickle(await readPickle(bytes, entries.get(`${folder}/data.pkl`)!, signal), `${name}, data.pkl`);
    const stateDict = stateDictOf(root, name);
    const tensors = placeTensors(stateDict, entries, folder, name);
    return new PytorchFile(bytes, { root, tensors, checkCrc: startCrcCheck([...entries.values()], name) });
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** An open file. Made by {@link openPytorch}; owns the file until {@link PytorchFile.close}. */
export class PytorchFile {
  /** Tensors of the state dict by name, in the order of the data. Several may be the same bytes. */
  readonly tensors: ReadonlyMap<string, PytorchTensor>;
  /** All that was saved: plain values, and tensors as places. */
  readonly root: PickleValue;
  /** The whole file's size. */
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #checkCrc: (byteOffset: number, bytes: Uint8Array) => void;
  readonly #name: string;
  #isClosed = false;

  /** @internal */
  constructor(
    source: ByteSource,
    contents: {
      readonly root: PickleValue;
      readonly tensors: ReadonlyMap<string, PytorchTensor>;
      readonly checkCrc: (byteOffset: number, bytes: Uint8Array) => void;
    },
  ) {
    this.root = contents.root;
    this.tensors = contents.tensors;
    this.byteLength = source.byteLength;
    this.#source = source;
    this.#checkCrc = contents.checkCrc;
    this.#name = escapeControls(source.name);
  }

  /**
   * Reads a tensor, or a range of its bytes. A storage that is read from front to back is compared with its CRC.
   *
   * @returns exactly the bytes asked for; a view of `into` where that was given
   * @throws ToolkitError `TENSOR_NOT_FOUND`, `INVALID_ARGUMENT`, `PYTORCH_ARCHIVE`, `FILE_UNREADABLE`, `FILE_SHRANK`
   */
  async read(name: string, options: ReadTensorOptions = {}): Promise<Uint8Array> {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) {
      const message = `${this.#name}: no tensor ${quote(name)}, expected one of its ${this.tensors.size}`;
      throw new ToolkitError('TENSOR_NOT_FOUND', message);
    }
    const { start = 0, end = tensor.byteLength, into, signal } = options;
    const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end;
    if (!isRange || end > tensor.byteLength || (into !== undefined && into.byteLength < end - start)) {
      const range = `bytes ${start} to ${end} of tensor ${quote(name)}`;
      const message = `${this.#name}: ${range}, expected a range within its ${tensor.byteLength}, and a place for it`;
      throw new ToolkitError('INVALID_ARGUMENT', message);
    }
    const target = into?.subarray(0, end - start) ?? new Uint8Array(end - start);
    await this.readBytes(tensor.byteOffset + start, target, signal);
    return target;
  }

  /**
   * Fills `into` with the file's bytes from `byteOffset` on: for who hashes or copies the whole of it.
   *
   * @throws ToolkitError `INVALID_ARGUMENT`, `PYTORCH_ARCHIVE`, `FILE_UNREADABLE`, `FILE_SHRANK`
   */
  async readBytes(byteOffset: number, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isClosed) {
      throw new ToolkitError('FILE_UNREADABLE', `${this.#name}: is closed`, {
        suggestions: ['open it again: openPytorch(path)'],
      });
    }
    if (!(Number.isSafeInteger(byteOffset) && byteOffset >= 0 && byteOffset + into.byteLength <= this.byteLength)) {
      const range = `bytes ${byteOffset} to ${byteOffset + into.byteLength}`;
      throw new ToolkitError(
        'INVALID_ARGUMENT',
        `${this.#name}: ${range}, expected a range within its ${this.byteLength}`,
      );
    }
    await this.#source.readInto(byteOffset, into, signal);
    this.#checkCrc(byteOffset, into);
  }

  /** May be called more than once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#source.close();
  }
}

async function checkFormat(file: ByteSource, signal: AbortSignal | undefined): Promise<void> {
  const start = await file.read(0, Math.min(SNIFF_BYTES, file.byteLength), signal);
  const format = recogniseFormat(start);
  if (format?.id === 'zip') return;
  if (format?.id === 'pickle') {
    throw notPytorch(
      file.name,
      'is of PyTorch before 1.6, a pickle without an archive, expected one that torch.save writes now',
    );
  }
  const found = file.byteLength === 0 ? 'is empty' : format === null ? 'is no archive of PyTorch' : `is ${format.what}`;
  throw notPytorch(file.name, `${found}, expected a file of torch.save`, format?.suggest(file.name));
}

/** The folder in the archive that holds everything. */
function folderOf(entries: ReadonlyMap<string, ZipEntry>, name: string): string {
  const names = [...entries.keys()];
  const folders = names.flatMap((entry) => /^([^/]+)\/data\.pkl$/.exec(entry)?.[1] ?? []);
  if (folders.length !== 1) {
    throw notPytorch(
      name,
      `is a zip archive with ${folders.length} files data.pkl, expected one, as torch.save writes`,
    );
  }
  const [folder] = folders as [string];
  if (entries.has(`${folder}/constants.pkl`) || names.some((entry) => entry.startsWith(`${folder}/code/`))) {
    throw notPytorch(name, 'is a program of TorchScript, expected weights that torch.save wrote');
  }
  return folder;
}

async function checkByteOrder(
  file: ByteSource,
  entry: ZipEntry | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (entry === undefined) return;
  const bytes = await file.read(entry.byteOffset, Math.min(entry.byteLength, MAX_WORD_BYTES), signal);
  const word = String.fromCharCode(...bytes);
  if (word !== 'little') throw badArchive(file.name, `byte order ${quote(word)}, expected "little"`);
}

async function readPickle(file: ByteSource, entry: ZipEntry, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (entry.byteLength > MAX_PICKLE_BYTES) {
    throw overLimit(file.name, `data.pkl of ${entry.byteLength} bytes, expected at most ${MAX_PICKLE_BYTES}`);
  }
  const bytes = await file.read(entry.byteOffset, entry.byteLength, signal);
  if (crc32(bytes) !== entry.crc32) throw badArchive(file.name, 'data.pkl has another CRC than the directory lists');
  return bytes;
}

function placeTensors(
  dict: PickleDict,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  name: string,
): Map<string, PytorchTensor> {
  const placed = [...tensorsIn(dict, name)].map(([tensor, { storage, shape, offset, nElements }]): PytorchTensor => {
    const entry = entries.get(`${folder}/data/${storage.key}`);
    const width = torchDtypeBytes[storage.dtype];
    if (entry === undefined) throw badTensor(name, `${quote(tensor)} is in storage ${storage.key}, which is not there`);
    if (entry.byteLength !== storage.nElements * width) {
      const expected = `expected ${storage.nElements} elements of ${width}`;
      throw badTensor(name, `storage ${storage.key} of ${quote(tensor)} has ${entry.byteLength} bytes, ${expected}`);
    }
    const byteOffset = entry.byteOffset + offset * width;
    return { name: tensor, dtype: storage.dtype, shape, byteOffset, byteLength: nElements * width };
  });
  placed.sort((a, b) => a.byteOffset - b.byteOffset);
  checkOverlaps(placed, name);
  return new Map(placed.map((tensor) => [tensor.name, tensor]));
}

/** Tensors may be the same bytes, as an embedding and a classifier are; not a part of each other's. */
function checkOverlaps(placed: readonly PytorchTensor[], name: string): void {
  let before: PytorchTensor | undefined;
  for (const tensor of placed) {
    if (tensor.byteLength === 0) continue;
    const previous = before;
    before = tensor;
    if (previous === undefined || previous.byteOffset + previous.byteLength <= tensor.byteOffset) continue;
    if (previous.byteOffset === tensor.byteOffset && previous.byteLength === tensor.byteLength) continue;
    throw badTensor(
      name,
      `${quote(previous.name)} and ${quote(tensor.name)} share a part of their bytes, expected all or none`,
    );
  }
}

/** Whether a saved value is a dict. */
export function isDict(value: PickleValue | undefined): value is PickleDict {
  return isKind(value, 'dict');
}
