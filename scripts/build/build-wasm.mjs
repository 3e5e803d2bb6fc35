// Compiles the kernels to packages/kernels/wasm/kernels.wasm, which is committed, or to another file.
//
//   node scripts/build/build-wasm.mjs [FILE]
//
// Needs clang and lld 19 (Debian: apt-get install clang-19 lld-19); CLANG names another clang++. The memory is imported
// and shared; each worker gets its own stack from src/wasm, so the stack pointer is exported.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const packageDir = join(import.meta.dirname, '../../packages/kernels');
const nativeDir = join(packageDir, 'native');
const target = resolve(process.argv[2] ?? join(packageDir, 'wasm/kernels.wasm'));
const compiler = process.env.CLANG || 'clang++-19';

const flags = [
  ...['--target=wasm32', '-std=c++20', '-O3', '-ffp-contract=off', '-fno-math-errno', '-nostdlib'],
  ...['-fno-exceptions', '-fno-rtti', '-msimd128', '-matomics', '-mbulk-memory', '-mmutable-globals'],
  ...['-Wall', '-Wextra', '-Wl,--no-entry', '-Wl,--import-memory', '-Wl,--shared-memory', '-Wl,--strip-all'],
  ...['-Wl,--max-memory=4294967296', '-Wl,--export=__heap_base', '-Wl,--export=__stack_pointer'],
];
const sources = ['wasm/module.cc', 'isa/wasm.cc', 'ops.cc', 'program.cc'].map((path) => join(nativeDir, path));

mkdirSync(dirname(target), { recursive: true });
execFileSync(compiler, [...flags, ...sources, '-o', target], { stdio: 'inherit' });
console.log(`${relative(process.cwd(), target)}: ${statSync(target).size} bytes`);
