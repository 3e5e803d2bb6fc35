// Compiles packages/kernels/native/checks/endings.cc, which ends pools of threads at random moments, with a sanitizer.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  commonFlags,
  compileAndLink,
  findCompiler,
  packageDir,
  withFlags,
  withoutOptimizing,
} from '../build/compile-native.mjs';

/** The pool with the kernels of one instruction set: it is the same for all of them. */
const SOURCES = [
  'checks/endings.cc',
  'isa/generic.cc',
  'ops.cc',
  'program.cc',
  'addon/executor.cc',
  'sha256/compress.cc',
  'sha256/streams.cc',
];

/** Runs `rounds` rounds under `-fsanitize=NAME`. @throws what the compiler or the program fails with */
export async function runEndings(name, rounds, seed) {
  const compiler = findCompiler(process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']);
  if (compiler === undefined) throw new Error('no C++ compiler');
  const folder = join(packageDir, 'build', `endings-${name.replace(/\W/g, '-')}`);
  const target = join(folder, 'endings');
  const sanitizer = [`-fsanitize=${name}`, '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g1'];
  await compileAndLink({
    compiler,
    flags: [...commonFlags, '-O1', ...sanitizer],
    linkFlags: ['-pthread', ...sanitizer],
    sources: withoutOptimizing(withFlags(process.arch, SOURCES)),
    objectDir: folder,
    target,
  });
  execFileSync(target, [String(rounds), String(seed)], {
    stdio: 'inherit',
    env: {
      ...process.env,
      UBSAN_OPTIONS: 'print_stacktrace=1',
      TSAN_OPTIONS: 'halt_on_error=1',
    },
  });
}
