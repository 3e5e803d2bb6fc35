// A model whose file is cut while it is open: node --import tsx shrinking-child.ts <file> <backend>. Prints what the next
// pass rejects with, then that it is still alive.

import fs from 'node:fs';
import type { BackendName } from '@llama-ts/kernels';
import { openModel } from '@llama-ts/runtime';

const [path, backend] = process.argv.slice(2);
const model = await openModel(path!, { backend: backend as BackendName, context: 64 });
const batch = () => [{ cache: model.createCache(), position: 0, tokens: [1, 2, 3] }];
fs.truncateSync(path!, 4096);
const code = await model.forward(batch()).then(
  () => 'no error',
  (error: { code?: string }) => error.code,
);
await model.close();
console.log(`${code}, alive`);
