// Recognises the format of a file by its first bytes, so that a message can say what was given and what to do with it.

import { shellQuote } from './shell-quote.js';

/** A format that {@link recogniseFormat} knows. */
export type FormatId =
  | 'bin'
  | 'safetensors'
  | 'gguf'
  | 'zip'
  | 'pickle'
  | 'git-lfs'
  | 'html'
  | 'gzip'
  | 'json'
  | 'hdf5'
  | 'numpy';

/** A recognised format and what to do with a file of it. */
export interface FileFormat {
  readonly id: FormatId;
  /** "a GGUF file", to complete "this is …". */
  readonly what: string;
  /** Suggestion for a file of this name that was given instead of a safetensors file. */
  readonly suggest: (name: string) => string;
}

interface Signature extends FileFormat {
  /** First bytes, as Latin-1 text. */
  readonly magics: readonly string[];
}

/** Bytes worth looking at: enough for white space, a comment or a pointer's first line. */
export const SNIFF_BYTES = 512;

const again = 'then run the same command again';
const download = (): string => `download the file again, ${again}`;
const saveAgain = (): string => `save the weights as safetensors with PyTorch, ${again}`;

const SIGNATURES: readonly Signature[] = [
  {
    id: 'git-lfs',
    magics: ['version https://git-lfs.github.com/spec/'],
    what: 'a git-lfs pointer, not the file that it stands for',
    suggest: () => 'fetch the contents: git lfs pull',
  },
  {
    id: 'gguf',
    magics: ['GGUF', 'FUGG'],
    what: 'a GGUF file (llama.cpp)',
    suggest: () => `download the safetensors files of the original model, ${again}`,
  },
  {
    id: 'zip',
    magics: ['PK\u0003\u0004', 'PK\u0005\u0006'],
    what: 'a zip archive, as PyTorch writes (pickle)',
    suggest: saveAgain,
  },
  {
    id: 'pickle',
    magics: ['\u0080\u0002', '\u0080\u0003', '\u0080\u0004', '\u0080\u0005'],
    what: 'a Python pickle, as PyTorch used to write',
    suggest: saveAgain,
  },
  {
    id: 'hdf5',
    magics: ['\u0089HDF\r\n'],
    what: 'an HDF5 file',
    suggest: () => `save the weights as safetensors with the library that wrote it, ${again}`,
  },
  {
    id: 'numpy',
    magics: ['\u0093NUMPY'],
    what: 'a NumPy array',
    suggest: () => `save it with safetensors.numpy.save_file, ${again}`,
  },
  { id: 'gzip', magics: ['\u001f\u008b'], what: 'a gzip file', suggest: unpack },
  {
    id: 'bin',
    magics: ['24ka'],
    what: 'a llama2.c checkpoint',
    suggest: (name) => `it runs as it is: llama run ${shellQuote(name)}`,
  },
];

const HTML = /^(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype|html|head|body|\?xml|!--)/i;
const JSON_TEXT = /^(?:\u00ef\u00bb\u00bf)?\s*\{\s*(?:["}]|$)/;
const CONTROLS = /[\x00-\x08\x0b\x0e-\x1f\x7f]/;
/** A header's length under 16 MiB as eight little-endian bytes, and the header's first character. */
const SAFETENSORS = /^[\s\S]{3}\u0000{5}\{/;

/** The format of a file that begins with these bytes, at most {@link SNIFF_BYTES} of which count; null when none is known. */
export function recogniseFormat(bytes: Uint8Array): FileFormat | null {
  const head = String.fromCharCode(...bytes.subarray(0, SNIFF_BYTES));
  const signature = SIGNATURES.find(({ magics }) => magics.some((magic) => head.startsWith(magic)));
  if (signature !== undefined) return signature;
  if (HTML.test(head)) {
    const what = 'an HTML page, most likely an error or a sign-in page saved under this name';
    return { id: 'html', what, suggest: download };
  }
  if (JSON_TEXT.test(head)) return { id: 'json', what: 'a JSON text', suggest: download };
  if (SAFETENSORS.test(head)) return { id: 'safetensors', what: 'a safetensors file', suggest: download };
  return null;
}

/** Whether a file that begins with these bytes is a text: UTF-8 without control characters, of which every header of ours has some. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.byteLength === 0) return false;
  try {
    // The last character may be cut off.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, SNIFF_BYTES), { stream: true });
    return !CONTROLS.test(text);
  } catch {
    return false;
  }
}

function unpack(name: string): string {
  const path = shellQuote(name);
  const unpacked = shellQuote(`${name}.unpacked`);
  return `unpack it: gunzip -c ${path} > ${unpacked} && mv ${unpacked} ${path}`;
}
