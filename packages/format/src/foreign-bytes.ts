// Recognises other kinds of file by their first bytes, so that a message can say what was handed in.

const signatures: readonly (readonly [prefix: string, what: string])[] = [
  ['GGUF', 'a GGUF file (llama.cpp)'],
  ['version https://git-lfs', 'a git-lfs pointer, not the file it points to (run: git lfs pull)'],
  ['PK\u0003\u0004', 'a zip archive or a PyTorch checkpoint'],
  ['\u0080\u0002', 'a Python pickle'],
  ['<!', 'an HTML page'],
  ['<html', 'an HTML page'],
  ['\u001f\u008b', 'a gzip archive'],
  ['{', 'a JSON file'],
];

/** What else the bytes look like, or null. A safetensors file is an 8-byte length and then JSON. */
export function describeForeignBytes(bytes: Uint8Array): string | null {
  const start = String.fromCharCode(...bytes.subarray(0, 32));
  for (const [prefix, what] of signatures) if (start.startsWith(prefix)) return what;
  if (bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0) return 'a safetensors file';
  return null;
}
