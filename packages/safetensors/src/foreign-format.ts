// Recognises what a file is when it is not safetensors: "length 5 × 10^18" helps nobody who saved an error page.

/** A recognised format and what to do about it. */
export interface ForeignFormat {
  readonly what: string;
  readonly suggestion: string;
}

interface Signature extends ForeignFormat {
  /** First bytes, as Latin-1 text. */
  readonly magics: readonly string[];
}

const SAVE_AGAIN = 'Save it from PyTorch with safetensors.torch.save_file(state_dict, "model.safetensors")';

const SIGNATURES: readonly Signature[] = [
  {
    magics: ['version https://git-lfs.github.com/spec/'],
    what: 'a git-lfs pointer, not the file that it stands for',
    suggestion: 'Fetch the contents: git lfs pull',
  },
  { magics: ['GGUF', 'FUGG'], what: 'a GGUF file', suggestion: 'Download the safetensors files of the original model' },
  {
    magics: ['PK\u0003\u0004', 'PK\u0005\u0006'],
    what: 'a zip archive, as PyTorch writes (pickle)',
    suggestion: SAVE_AGAIN,
  },
  {
    magics: ['\u0080\u0002', '\u0080\u0003', '\u0080\u0004', '\u0080\u0005'],
    what: 'a Python pickle, as PyTorch used to write',
    suggestion: SAVE_AGAIN,
  },
  { magics: ['\u0089HDF\r\n'], what: 'an HDF5 file', suggestion: 'Convert it with the library that wrote it' },
  { magics: ['\u0093NUMPY'], what: 'a NumPy array', suggestion: 'Convert it with safetensors.numpy.save_file' },
  { magics: ['\u001f\u008b'], what: 'a gzip file', suggestion: 'Unpack it: gunzip FILE' },
  { magics: ['24ka'], what: 'a llama2.c checkpoint', suggestion: 'Use the program that runs .bin files on it' },
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
      suggestion: 'Download the file again, and open its address in a browser to see what the page says',
    };
  }
  if (JSON_TEXT.test(head)) {
    return { what: 'a JSON text without the 8-byte length before it', suggestion: 'Name a .safetensors file' };
  }
  return null;
}
