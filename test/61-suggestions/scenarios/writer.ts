// A program that writes a file into a folder it may not write to, and shows the error as the command does.

import { mkdir } from 'node:fs/promises';
import type { Situation } from '../situation.js';

/** Writes write.mjs, which calls a writer of a package. */
export async function prepareWriter(s: Situation, packageName: string, writer: string): Promise<void> {
  await mkdir(s.path('out'));
  await s.run('chmod 500 out');
  s.defer(() => s.run('chmod 700 out'));
  await s.write(
    'write.mjs',
    `import { ${writer} } from ${JSON.stringify(new URL(`../../../packages/${packageName}/dist/index.js`, import.meta.url))};
try {
  await ${writer}('out/file', []);
} catch ({ code, message, suggestions }) {
  console.error(\`llama: \${message} [\${code}]\`);
  for (const suggestion of suggestions) console.error(\`  try: \${suggestion}\`);
  process.exitCode = 1;
}
`,
  );
}
