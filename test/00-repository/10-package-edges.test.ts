import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));

/** ARCHITECTURE.md's arrows: what each package may import of the others. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  durable: ['base'],
  format: ['base'],
  safetensors: ['base'],
  pytorch: ['base'],
  kernels: ['base'],
  gguf: ['base'],
  exporter: ['base', 'durable', 'format', 'safetensors', 'pytorch', 'kernels', 'gguf'],
  runtime: ['base', 'format', 'kernels'],
  evaluate: ['base', 'format', 'exporter', 'runtime'],
  server: ['base', 'runtime'],
  web: ['base', 'browser', 'format', 'runtime', 'server'],
  browser: ['base', 'format', 'runtime'],
  cli: [
    'base',
    'durable',
    'format',
    'safetensors',
    'kernels',
    'exporter',
    'runtime',
    'evaluate',
    'server',
    'web',
    'sample-model',
  ],
};

function sources(name: string): string[] {
  return fs
    .readdirSync(path.join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.join(packages, name, 'src', file));
}

function imports(file: string): string[] {
  return [...fs.readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

/** The source of a module that is imported by its name in dist/. */
function sourceOf(module: string): string {
  const source = module.replace(/\.js$/, '.ts');
  return fs.existsSync(source) ? source : `${source}x`;
}

/** The files that `#platform` resolves to. */
function platforms(name: string): string[] {
  return ['node', 'browser'].map((platform) => path.join(packages, name, 'src/platform', `${platform}.ts`));
}

describe('the packages', () => {
  for (const [name, edges] of Object.entries(allowed)) {
    const files = sources(name);

    it(`include ${name}, which imports ${edges.length > 0 ? `only ${edges.join(', ')}` : 'no other package'}`, () => {
      assert(files.length > 0);
      for (const file of files) {
        for (const target of imports(file)) {
          const match = /^@llama-ts\/(.+)$/.exec(target);
          if (match) assert(edges.includes(match[1]!), `${path.relative(packages, file)} imports ${target}`);
        }
      }
    });

    it(`include ${name}, whose files do not import each other in a circle`, () => {
      const graph = new Map(
        files.map((file) => [
          file,
          imports(file)
            .flatMap((target) => (target === '#platform' ? platforms(name) : [target]))
            .filter((target) => target.startsWith('.') || path.isAbsolute(target))
            .map((target) => sourceOf(path.resolve(path.dirname(file), target))),
        ]),
      );
      const done = new Set<string>();
      const visit = (file: string, trail: readonly string[]): void => {
        assert(!trail.includes(file), [...trail, file].map((f) => path.relative(packages, f)).join(' → '));
        if (done.has(file)) return;
        for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
        done.add(file);
      };
      for (const file of files) visit(file, []);
    });
  }
});
