// The licenses of the packages whose code is in a bundle: they ask to go where the code goes.

import fs from 'node:fs';
import path from 'node:path';
import { root } from '../npm.mjs';

/** The text of all licenses; '' when every input is the project's own. `inputs`: paths from the root. */
export function licensesOf(inputs) {
  const folders = new Set(inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? null));
  folders.delete(null);
  return [...folders].sort().map(licenseOf).join('\n');
}

function licenseOf(folder) {
  const at = path.join(root, folder);
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8'));
  const file = fs.readdirSync(at).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${folder}: no license file, expected one to go with the bundle`);
  return `${name} ${version}, ${license}\n\n${fs.readFileSync(path.join(at, file), 'utf8').trim()}\n`;
}
