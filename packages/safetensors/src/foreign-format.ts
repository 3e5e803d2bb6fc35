// Recognises what a file is when it is not safetensors: "length 5 × 10^18" helps nobody who saved an error page.

import { shellQuote } from './shell-quote.js';

/** A recognised format and what to do about it. */
export interface ForeignFormat {
  readonly what: string;
  /** What to do about a file of this name. */
  readonly suggest: (name: string) => string;
}

interface Signature extends ForeignFormat {
  /** First bytes, as Latin-1 text. */
  readonly magics: readonly string[];
}

const again = 'then run the same command again';
const download = (): string => `download the file again, ${again}`;
const saveAgain = (): string => `save the weights as safetensors with PyTorch, ${again}`;

function unpack(name: string): string {
  const path = shellQuote(name);
  const unpacked = shellQuote(`${name}.unpacked`);
  return `unpack it: gunzip -c ${path} > ${unpacked} && mv ${unpacked} ${path}`;
}

const SIGNATURES: readonly Signature[] = [
  {
    magics: ['version https://git-lfs.github.com/spec/'],
    what: 'a git-lfs pointer, not the file that it stands for',
    suggest: () => 'fetch the contents: git lfs pull',
  },
  {
    magics: ['GGUF', 'FUGG'],
    what: 'a GGUF file',
    suggest: () => `download the safetensors files of the original model, ${again}`,
  },
  {
    magics: ['PK\u0003\u0004', 'PK\u0005\u0006'],
    what: 'a zip archive, as PyTorch writes (pickle)',
    suggest: saveAgain,
  },
  {
    magics: ['\u0080\u0002', '\u0080\u0003', '\u0080\u0004', '\u0080\u0005'],
    what: 'a Python pickle, as PyTorch used to write',
    suggest: saveAgain,
  },
  {
    magics: ['\u0089HDF\r\n'],
    what: 'an HDF5 file',
    suggest: () => `save the weights as safetensors with the library that wrote it, ${again}`,
  },
  {
    magics: ['\u0093NUMPY'],
    what: 'a NumPy array',
    suggest: () => `save it with safetensors.numpy.save_file, ${again}`,
  },
  { magics: ['\u001f\u008b'], what: 'a gzip file', suggest: unpack },
  {
    magics: ['24ka'],
    what: 'a llama2.c checkpoint',
    suggest: (name) => `it runs as it is: llama run ${shellQuote(name)}`,
  },
];

const HTML = /^(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype|html|head|body|\?xml|!--)/i;
const JSON_TEXT = /^(?:\u00ef\u00bb\u00bf)?\s*\{\s*["}]/;

/** Bytes worth looking at: enough for white space, a comment or a pointer's first line. */
export const SNIFF_BYTES = 512;

/** What a file that begins with these bytes is, or null when nothing known. */
export function recogniseForeignFormat(bytes: Uint8Array): ForeignFormat | null {
  const head = String.fromCharCode(...bytes.subarray(0, SNIFF_BYTES));
  const signature = SIGNATURES.find(({ magics }) => magics.some((magic) => head.startsWith(magic)));
  if (signature !== undefined) return signature;
  if (HTML.test(head)) {
    return {
      what: 'an HTML page, most likely an error or a sign-in page saved under this name',
      suggest: download,
    };
  }
  if (JSON_TEXT.test(head)) {
    return { what: 'a JSON text without the 8-byte length before it', suggest: download };
  }
  return null;
}
