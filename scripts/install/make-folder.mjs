// Makes a folder and those above it, a call each: Node's recursive mkdir never ends where the system says ENOENT to a name
// whose folder is there, as in /proc.

import fs from 'node:fs';
import path from 'node:path';

/** @throws errors of the file system as they are */
export function makeFolder(folder) {
  if (fs.existsSync(folder)) return;
  const parent = path.dirname(path.resolve(folder));
  if (parent !== path.resolve(folder)) makeFolder(parent);
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (error.code !== 'EEXIST' || !fs.existsSync(folder)) throw error;
  }
}
