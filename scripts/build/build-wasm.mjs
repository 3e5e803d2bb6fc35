// Compiles the WebAssembly kernels to packages/kernels/wasm and the probe of relaxed SIMD to a source of src/wasm. All are committed.
//
//   node scripts/build/build-wasm.mjs [FOLDER]     or all of them to a folder
//
// Needs clang and lld 19 (Debian: apt-get install clang-19 lld-19); CLANG names another clang++. The memory of kernels is imported
// and shared; each worker gets its own stack from src/wasm, so the stack pointer is exported.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

const packageDir = join(import.meta.dirname, '../../packages/kernels');
const nativeDir = join(packageDir, 'native');
const folder = process.argv[2] === undefined ? undefined : resolve(process.argv[2]);
const compiler = process.env.CLANG || 'clang++-19';

const common = [
  ...['--target=wasm32', '-std=c++20', '-ffp-contract=off', '-fno-math-errno', '-nostdlib'],
  ...['-fno-exceptions', '-fno-rtti', '-msimd128', '-mbulk-memory', '-mmutable-globals'],
  ...['-Wall', '-Wextra', '-Wl,--no-entry', '-Wl,--strip-all'],
];
const kernels = [
  ...['-O3', '-matomics', '-Wl,--import-memory', '-Wl,--shared-memory', '-Wl,--max-memory=4294967296'],
  ...['-Wl,--export=__heap_base', '-Wl,--export=__stack_pointer'],
  ...['wasm/module.cc', 'isa/wasm.cc', 'ops.cc', 'program.cc'].map((path) => join(nativeDir, path)),
];
/** The modules of src/wasm/wasm-modules.ts, with what each is compiled with. */
const modules = {
  'kernels.wasm': [],
  'kernels-relaxed.wasm': ['-mrelaxed-simd'],
  'kernels-relaxed-pairs.wasm': ['-mrelaxed-simd', '-DKERNELS_RELAXED_PAIRS'],
};

const wasmDir = folder ?? join(packageDir, 'wasm');
mkdirSync(wasmDir, { recursive: true });
for (const [name, flags] of Object.entries(modules)) compile(join(wasmDir, name), [...flags, ...kernels]);
writeProbe(join(folder ?? join(packageDir, 'src/wasm'), 'relaxed-probe.ts'));

function compile(target, flags) {
  execFileSync(compiler, [...common, ...flags, '-o', target], { stdio: 'inherit' });
  console.log(`${relative(process.cwd(), target)}: ${statSync(target).size} bytes`);
}

/** So small a module is part of the code: a page need not load it. */
function writeProbe(target) {
  const scratch = mkdtempSync(join(tmpdir(), 'relaxed-probe-'));
  try {
    const module = join(scratch, 'probe.wasm');
    const stack = '-Wl,-z,stack-size=1024';
    compile(module, ['-Os', '-mrelaxed-simd', stack, join(nativeDir, 'wasm/relaxed-probe.cc')]);
    const lines = readFileSync(module)
      .toString('base64')
      .match(/.{1,110}/g);
    const text = `// native/wasm/relaxed-probe.cc, compiled by scripts/build/build-wasm.mjs: base64.\nexport const relaxedProbe = [\n${lines.map((line) => `  '${line}',`).join('\n')}\n].join('');\n`;
    writeFileSync(target, text);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
