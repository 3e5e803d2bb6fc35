// Compiles the C++ sources of packages/kernels/native, one object a source file, and only what changed.

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Absolute path of the kernels' package. */
export const packageDir = join(import.meta.dirname, '../packages/kernels');
const nativeDir = join(packageDir, 'native');

const avx512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mf16c'];
/** Instruction sets per architecture, with the flags of their file. */
const isaFlags = {
  x64: { generic: [], avx2: ['-mavx2', '-mf16c'], avx512, avx512vnni: [...avx512, '-mavx512vnni'] },
  arm64: { generic: [], neon: ['-march=armv8.2-a+dotprod'] },
};
/** Flags of other files per architecture: those ask the CPU themselves. */
const ownFlags = { x64: { 'sha256/compress.cc': ['-msse4.1', '-msha'] } };

// The optimizer of GCC 12 takes deliberately undefined lanes inside its own intrinsics for a mistake.
const warnings = [
  '-Wall',
  '-Wextra',
  '-Wno-unknown-warning-option',
  '-Wno-maybe-uninitialized',
  '-Wno-ignored-attributes',
];
/** What canonical arithmetic needs, on every file. */
export const commonFlags = ['-std=c++20', '-ffp-contract=off', '-fno-math-errno', ...warnings];

/** The first of these compilers that runs, with the first line of its version. */
export function findCompiler(names) {
  for (const name of names) {
    try {
      return { name, version: execFileSync(name, ['--version'], { encoding: 'utf8', stdio: 'pipe' }).split('\n')[0] };
    } catch {
      // Not this one: try the next.
    }
  }
  return undefined;
}

/** The kernels of an architecture and what executes them, besides `others`: sources with their own flags. */
export function sources(arch, others) {
  const isas = Object.entries(isaFlags[arch] ?? { generic: [] });
  return [
    ...isas.map(([isa, own]) => ({ path: `isa/${isa}.cc`, own })),
    ...withFlags(arch, ['ops.cc', 'program.cc', 'addon/cpu.cc', 'addon/executor.cc', ...others]),
  ];
}

/** Sources that are no instruction set's, with their own flags. */
export function withFlags(arch, paths) {
  return paths.map((path) => ({ path, own: ownFlags[arch]?.[path] ?? [] }));
}

/** Compiles and links; returns whether anything had changed. Rejects with the compiler's `stderr`. */
export async function compileAndLink({
  compiler,
  flags,
  linkFlags,
  sources,
  objectDir,
  target,
  onCompiled = () => {},
}) {
  mkdirSync(objectDir, { recursive: true });
  mkdirSync(dirname(target), { recursive: true });
  const objects = sources.map(({ path }) => join(objectDir, `${path.replace(/\W/g, '-')}.o`));
  const stamps = [];
  let next = 0;
  const compileSome = async () => {
    for (let i = next++; i < sources.length; i = next++) {
      stamps[i] = await compile(compiler, flags, sources[i], objects[i]);
      onCompiled({ path: sources[i].path, nDone: stamps.filter(Boolean).length, count: sources.length });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileSome));
  const stampPath = `${target}.stamp`;
  const stamp = createHash('sha256')
    .update(JSON.stringify([linkFlags, stamps]))
    .digest('hex');
  if (existsSync(target) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return false;
  // A process may have the old file mapped: it keeps it, since the new one is another file.
  await run(compiler.name, [...objects, ...linkFlags, '-o', `${target}.partial`]);
  renameSync(`${target}.partial`, target);
  writeFileSync(stampPath, stamp);
  return true;
}

/** Compiles a source unless its object was made of the same text with the same flags. Returns the stamp of the object. */
async function compile(compiler, flags, { path, own }, object) {
  const source = join(nativeDir, path);
  const folders = path.startsWith('isa/') ? ['.', 'simd', 'kernels'] : ['.', 'addon', 'sha256'];
  const text = createHash('sha256').update(readFileSync(source)).digest('hex');
  const stamp = JSON.stringify([compiler, flags, own, text, folders.map(headersHash)]);
  const stampPath = `${object}.stamp`;
  if (existsSync(object) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return stamp;
  await run(compiler.name, [...flags, ...own, '-c', source, '-o', object]);
  writeFileSync(stampPath, stamp);
  return stamp;
}

/** A hash of the headers in a folder of the sources. */
function headersHash(folder) {
  const hash = createHash('sha256');
  for (const file of readdirSync(join(nativeDir, folder)).sort()) {
    if (/\.(h|inl)$/.test(file)) hash.update(`${file}\n`).update(readFileSync(join(nativeDir, folder, file)));
  }
  return hash.digest('hex');
}
