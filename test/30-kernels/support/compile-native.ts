// Compiles C++ of the kernels for a test, where there is a compiler.

import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const nativeFolder = fileURLToPath(new URL('../../../packages/kernels/native/', import.meta.url));

const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
/** The C++ compiler; undefined on a machine without one. */
export const compiler = candidates.find((name) => spawnSync(name, ['--version']).status === 0);

/** @throws with what the compiler says */
export function compile(target: string, sources: readonly string[], flags: readonly string[]): void {
  const args = ['-std=c++20', '-O1', ...flags, '-o', target, ...sources];
  execFileSync(compiler!, args, { cwd: nativeFolder, stdio: 'pipe' });
}
