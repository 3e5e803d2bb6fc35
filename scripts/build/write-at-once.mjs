// Writes a file so that a reader finds the old content or the new, never a part.

import fs from 'node:fs';
import path from 'node:path';

/** @param contents bytes or text */
export function writeAtOnce(file, contents) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  fs.writeFileSync(partial, contents);
  fs.renameSync(partial, file);
}
