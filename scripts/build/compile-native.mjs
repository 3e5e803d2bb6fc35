// Compiles the C++ sources of packages/kernels/native, one object a source file, and only what changed.

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

const run = promisify(execFile);
/** Absolute path of the kernels' package. */
export const packageDir = join(import.meta.dirname, '../../packages/kernels');
const nativeDir = join(packageDir, 'native');

const { instructionSets, instructionSetsOf } = await importSource('src/instruction-sets.ts');

/** Flags of other files per architecture: their code asks the CPU before it uses the instructions. */
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

/** The kernels of an architecture and what executes them, and `others`: sources with their own flags. */
export function sources(compiler, arch, others) {
  const isas = instructionSetsOf(arch).filter((isa) => knowsFlags(compiler, instructionSets[isa].flags));
  return [
    ...isas.map((isa) => ({ path: `isa/${isa}.cc`, own: instructionSets[isa].flags })),
    ...withFlags(arch, ['ops.cc', 'program.cc', 'addon/executor.cc', ...others]),
    { path: 'addon/cpu.cc', own: [`-DKERNELS_INSTRUCTION_SETS(SET)=${isas.map((isa) => `SET(${isa})`).join(' ')}`] },
  ];
}

/** Whether a compiler knows flags: an older one does not know the newest instructions, and goes without them. */
function knowsFlags(compiler, flags) {
  try {
    execFileSync(compiler.name, [...flags, '-fsyntax-only', '-x', 'c++', '-'], { input: '', stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Imports a TypeScript module of the kernels' package that imports no other. */
async function importSource(path) {
  const { code } = await transform(readFileSync(join(packageDir, path), 'utf8'), { loader: 'ts', format: 'esm' });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Sources that are no instruction set's, with their own flags. */
export function withFlags(arch, paths) {
  return paths.map((path) => ({ path, own: ownFlags[arch]?.[path] ?? [] }));
}

/** Sources with the portable kernels as they are written: a sanitizer's code in their long loops takes minutes to optimize. */
export function withoutOptimizing(sources) {
  return sources.map(({ path, own }) => ({ path, own: path === 'isa/generic.cc' ? [...own, '-O0'] : own }));
}

/** Compiles and links; returns whether the target is new. Rejects with the compiler's `stderr`. */
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
