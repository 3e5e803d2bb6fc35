// Compiles the native kernels into packages/kernels/build/Release/llama_kernels.node, one object a source file.
//
//   node scripts/build-native.mjs [--sanitize]
//
// Flags of an instruction set go on its own file only. Without a working C++ compiler nothing is built and nothing
// fails: the WebAssembly kernels are used then. Prints one line that says which. --sanitize builds with Address- and
// UndefinedBehaviorSanitizer and does fail; run Node with LD_PRELOAD="$(c++ -print-file-name=libasan.so)" to use it.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const packageDir = join(import.meta.dirname, '../packages/kernels');
const nativeDir = join(packageDir, 'native');
const target = join(packageDir, 'build/Release/llama_kernels.node');
const sanitize = process.argv.includes('--sanitize');

const avx512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mf16c'];
/** Instruction sets per architecture, with the flags of their file. */
const isaFlags = {
  x64: { generic: [], avx2: ['-mavx2', '-mf16c'], avx512, avx512vnni: [...avx512, '-mavx512vnni'] },
  arm64: { generic: [], neon: ['-march=armv8.2-a+dotprod'] },
};

// The optimizer of GCC 12 takes deliberately undefined lanes inside its own intrinsics for a mistake.
const warnings = [
  '-Wall',
  '-Wextra',
  '-Wno-unknown-warning-option',
  '-Wno-maybe-uninitialized',
  '-Wno-ignored-attributes',
];
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-g'];
const flags = [
  ...['-std=c++20', sanitize ? '-O1' : '-O3', '-ffp-contract=off', '-fno-math-errno', '-fPIC', '-fvisibility=hidden'],
  ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_CPP_EXCEPTIONS', ...warnings, ...(sanitize ? sanitizers : [])],
  ...['-isystem', require('node-addon-api').include_dir, '-isystem', require('node-api-headers').include_dir],
];
// Node itself provides the Node-API functions when it loads the addon.
const linkFlags = [
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-static-libstdc++', '-static-libgcc']),
  ...['-shared', '-pthread', ...(sanitize ? sanitizers : [])],
];

function findCompiler() {
  for (const name of process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']) {
    try {
      return { name, version: execFileSync(name, ['--version'], { encoding: 'utf8', stdio: 'pipe' }).split('\n')[0] };
    } catch {
      // Not this one: try the next.
    }
  }
  return undefined;
}

/** Sources with their own flags. */
function sources() {
  const isas = isaFlags[process.arch] ?? { generic: [] };
  const shared = ['ops.cc', 'program.cc', 'addon/addon.cc', 'addon/cpu.cc', 'addon/executor.cc'];
  if (process.platform !== 'win32') shared.push('addon/file-memory.cc');
  return [
    ...Object.entries(isas).map(([isa, own]) => ({ path: `isa/${isa}.cc`, own })),
    ...shared.map((path) => ({ path, own: [] })),
  ];
}

/** A hash of the headers in a folder of the sources. */
function headersHash(folder) {
  const hash = createHash('sha256');
  for (const file of readdirSync(join(nativeDir, folder)).sort()) {
    if (/\.(h|inl)$/.test(file)) hash.update(`${file}\n`).update(readFileSync(join(nativeDir, folder, file)));
  }
  return hash.digest('hex');
}

/** Compiles a source unless its object was made of the same text with the same flags. Returns the stamp of the object. */
async function compile(compiler, { path, own }, object) {
  const source = join(nativeDir, path);
  const folders = path.startsWith('isa/') ? ['.', 'simd', 'kernels'] : ['.', 'addon'];
  const text = createHash('sha256').update(readFileSync(source)).digest('hex');
  const stamp = JSON.stringify([compiler, flags, own, text, folders.map(headersHash)]);
  const stampPath = `${object}.stamp`;
  if (existsSync(object) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return stamp;
  await run(compiler.name, [...flags, ...own, '-c', source, '-o', object]);
  writeFileSync(stampPath, stamp);
  return stamp;
}

async function build(compiler) {
  const objectDir = join(packageDir, 'build', sanitize ? 'sanitize' : 'objects');
  mkdirSync(objectDir, { recursive: true });
  mkdirSync(join(packageDir, 'build/Release'), { recursive: true });
  const queue = sources();
  const objects = queue.map(({ path }) => join(objectDir, `${path.replace(/\W/g, '-')}.o`));
  const stamps = [];
  let next = 0;
  const compileSome = async () => {
    for (let i = next++; i < queue.length; i = next++) stamps[i] = await compile(compiler, queue[i], objects[i]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileSome));
  const linkStampPath = `${target}.stamp`;
  const linkStamp = createHash('sha256')
    .update(JSON.stringify([linkFlags, stamps]))
    .digest('hex');
  if (existsSync(target) && existsSync(linkStampPath) && readFileSync(linkStampPath, 'utf8') === linkStamp) {
    return 'unchanged';
  }
  // A process may have the old addon mapped: it keeps it, since the new one is another file.
  await run(compiler.name, [...objects, ...linkFlags, '-o', `${target}.partial`]);
  renameSync(`${target}.partial`, target);
  writeFileSync(linkStampPath, linkStamp);
  return 'built';
}

const fallback = 'the WebAssembly kernels will be used';
const compiler = findCompiler();
if (compiler === undefined) {
  console.error(`native kernels: no C++ compiler: ${fallback}`);
  process.exitCode = sanitize ? 1 : 0;
} else {
  try {
    const what = await build(compiler);
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
