// Installations that lack what they need, and more memory than there is.

import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openKernels } from '@llama-ts/kernels';
import { installKernels, installPackage } from '../../30-kernels/support/installation.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const source = fileURLToPath(new URL('../../../packages/kernels/', import.meta.url));
const addon = join(source, 'build/Release/llama_kernels.node');

/** A program that opens the kernels of a package, and shows the error as the command does. */
async function writeProgram(s: Situation, packageFolder: string, backend: string): Promise<void> {
  await s.write(
    'open.mjs',
    `import { openKernels } from './${packageFolder}/dist/index.js';
try {
  await (await openKernels({ backend: '${backend}', threads: 1 })).close();
} catch ({ code, message, suggestions }) {
  console.error(\`llama: \${message} [\${code}]\`);
  for (const suggestion of suggestions) console.error(\`  try: \${suggestion}\`);
  process.exitCode = 1;
}
`,
  );
}

/** Kernels of an architecture that this is not. */
const foreign = process.arch === 'arm64' ? 'avx2' : 'neon';

export const kernelsScenarios: readonly Scenario[] = [
  {
    title: 'an installation without native kernels',
    code: 'BACKEND_UNAVAILABLE',
    async prepare(s) {
      installKernels(s.folder);
      await writeProgram(s, 'node_modules/@llama-ts/kernels', 'generic');
      // npm without a registry: it brings the package that was asked for.
      await s.tool(
        'npm',
        `[ "$1" = install ] && mkdir -p "node_modules/$2" && cp "${addon}" "node_modules/$2/index.node" &&
echo '{"main": "index.node"}' > "node_modules/$2/package.json"`,
      );
    },
    command: 'node open.mjs',
  },
  {
    title: 'a checkout without native kernels',
    code: 'BACKEND_UNAVAILABLE',
    async prepare(s) {
      installPackage(s.folder, 'base', ['dist', 'package.json']);
      for (const part of ['dist', 'wasm', 'package.json']) {
        await cp(join(source, part), s.path(`packages/kernels/${part}`), { recursive: true });
      }
      await s.write('scripts/build/build-native.mjs', '');
      await writeProgram(s, 'packages/kernels', 'generic');
      const target = 'packages/kernels/build/Release';
      await s.tool('npm', `[ "$*" = 'run build' ] && mkdir -p ${target} && cp "${addon}" ${target}/`);
    },
    command: 'node open.mjs',
  },
  {
    title: 'an installation without kernels.wasm',
    code: 'BACKEND_UNAVAILABLE',
    async prepare(s) {
      const folder = installKernels(s.folder);
      await rm(join(folder, 'wasm'), { recursive: true });
      await writeProgram(s, 'node_modules/@llama-ts/kernels', 'wasm');
      await s.tool('npm', `[ "$*" = 'install @llama-ts/kernels' ] && cp -r "${join(source, 'wasm')}" node_modules/$2/`);
    },
    command: 'node open.mjs',
  },
  {
    title: 'kernels of another architecture',
    code: 'BACKEND_UNAVAILABLE',
    prepare: (s) => s.take('model.bin'),
    command: `llama run model.bin -n 1 -i Once --backend ${foreign}`,
  },
  {
    title: 'a model of more bytes than WebAssembly can have',
    code: 'MODEL_TOO_LARGE_FOR_WASM',
    async prepare(s) {
      await s.write('large.bin', '');
      await s.run('truncate -s 5G large.bin');
    },
    async call(s) {
      const kernels = await openKernels({ backend: 'wasm', threads: 1 });
      try {
        await kernels.openWeights(s.path('large.bin'));
      } finally {
        await kernels.close();
      }
    },
  },
  {
    title: 'more numbers than WebAssembly has memory for',
    code: 'LIMIT_EXCEEDED',
    async call() {
      const kernels = await openKernels({ backend: 'wasm', threads: 1 });
      try {
        for (let i = 0; i < 5; i++) kernels.allocate.float32(2 ** 28);
      } finally {
        await kernels.close();
      }
    },
  },
];
