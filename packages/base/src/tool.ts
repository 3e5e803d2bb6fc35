// How this package signs the files it writes.

/** Name and version of the writer, as provenance states it; a test holds it equal to package.json's version. */
export const TOOL = 'llama3.2.ts 0.1.0';
