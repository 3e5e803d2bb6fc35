// Cross-compiles the kernels of Arm into packages/kernels/build/emulated/stdio, which test/30-kernels runs under an emulator:
//   node scripts/build/build-emulated.mjs
// Needs aarch64-linux-gnu-g++ (Debian: apt-get install g++-aarch64-linux-gnu).
import { join } from 'node:path';
import { commonFlags, compileAndLink, packageDir, sources } from './compile-native.mjs';

const buildDir = join(packageDir, 'build/emulated');
const compiler = { name: 'aarch64-linux-gnu-g++' };
await compileAndLink({
  compiler,
  flags: [...commonFlags, '-O2'],
  // The emulator has no libraries of Arm.
  linkFlags: ['-static', '-pthread'],
  sources: sources(compiler, 'arm64', ['stdio/stdio.cc']),
  objectDir: join(buildDir, 'objects'),
  target: join(buildDir, 'stdio'),
});
