// Compiles the native kernels into packages/kernels/build/Release/llama_kernels.node.
//
//   node scripts/build/build-native.mjs [--sanitize]
//
// Flags of an instruction set go on its own file only. Without a working C++ compiler nothing is built and nothing
// fails: the WebAssembly kernels are used then. Prints one line that says which. --sanitize builds build/Sanitized instead,
// with Address- and UndefinedBehaviorSanitizer, and does fail: scripts/sanitize/test-sanitized.mjs runs the tests with it.
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import {
  commonFlags,
  compileAndLink,
  findCompiler,
  packageDir,
  sources,
  withoutOptimizing,
} from './compile-native.mjs';

const require = createRequire(import.meta.url);
const sanitize = process.argv.includes('--sanitize');
const target = join(packageDir, 'build', sanitize ? 'Sanitized' : 'Release', 'llama_kernels.node');

const sanitizers = sanitize
  ? ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g1']
  : [];
const flags = [
  ...[...commonFlags, sanitize ? '-O1' : '-O3', '-fPIC', '-fvisibility=hidden', ...sanitizers],
  ...['-DNAPI_VERSION=8', '-isystem', require('node-api-headers').include_dir],
];
// Node itself provides the Node-API functions when it loads the addon.
const linkFlags = [
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-static-libstdc++', '-static-libgcc']),
  ...['-shared', '-pthread', ...sanitizers],
];

/** A compilation takes seconds for each file: each is reported, unless all were compiled before. */
const compiledEarlier = existsSync(target);
const onCompiled = ({ path, nDone, count }) => {
  if (!compiledEarlier) console.error(`native kernels: ${nDone} of ${count}  ${path}`);
};
const fallback = 'the WebAssembly kernels will be used';
const compiler = findCompiler(process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']);
if (compiler === undefined) {
  console.error(`native kernels: no C++ compiler: ${fallback}`);
  process.exitCode = sanitize ? 1 : 0;
} else {
  try {
    if (!compiledEarlier) console.error(`native kernels: compiling with ${compiler.version}, about a minute …`);
    const all = sources(compiler, process.arch, [
      'addon/addon.cc',
      'addon/environment.cc',
      'addon/executor-object.cc',
      'addon/sha256-object.cc',
      'sha256/compress.cc',
      'sha256/streams.cc',
      ...(process.platform === 'win32'
        ? []
        : ['addon/file-memory.cc', 'addon/file-memory-object.cc', 'addon/huge-pages.cc', 'addon/mapped-ranges.cc']),
    ]);
    const isNew = await compileAndLink({
      ...{ compiler, flags, linkFlags, target, onCompiled },
      sources: sanitize ? withoutOptimizing(all) : all,
      objectDir: join(packageDir, 'build', sanitize ? 'sanitized-objects' : 'objects'),
    });
    const what = isNew ? 'built' : 'unchanged';
    console.error(`native kernels: ${what} ${relative(process.cwd(), target)} with ${compiler.version}`);
  } catch (error) {
    rmSync(target, { force: true });
    if (process.env.DEBUG || sanitize) console.error(error.stderr || error);
    const reason = String(error.stderr || error.message)
      .split('\n')
      .find((line) => /error/i.test(line));
    console.error(`native kernels: ${compiler.version} failed (${reason ?? 'DEBUG=1 shows why'}): ${fallback}`);
    process.exitCode = sanitize ? 1 : 0;
  }
}
