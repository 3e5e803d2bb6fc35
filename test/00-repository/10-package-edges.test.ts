import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));

/** ARCHITECTURE.md's arrows: what each package may import of the others. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  format: [],
  safetensors: [],
  kernels: [],
  gguf: [],
  exporter: ['format', 'safetensors', 'kernels', 'gguf'],
  runtime: ['format', 'kernels'],
  evaluate: ['format', 'exporter', 'runtime'],
  cli: ['format', 'safetensors', 'kernels', 'exporter', 'runtime', 'evaluate', 'sample-model'],
};

function sources(name: string): string[] {
  return fs
    .readdirSync(path.join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(packages, name, 'src', file));
}

function imports(file: string): string[] {
  return [...fs.readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

describe('packages', () => {
  for (const [name, edges] of Object.entries(allowed)) {
    const files = sources(name);

    it(`${name} imports no package but ${edges.join(', ') || 'none'}`, () => {
      assert(files.length > 0);
      for (const file of files) {
        for (const target of imports(file)) {
          const match = /^@llama-ts\/(.+)$/.exec(target);
          if (match) assert(edges.includes(match[1]!), `${path.relative(packages, file)} imports ${target}`);
        }
      }
    });

    it(`${name} has no file that imports itself in a circle`, () => {
      const graph = new Map(
        files.map((file) => [
          file,
          imports(file)
            .filter((target) => target.startsWith('.'))
            .map((target) => path.join(path.dirname(file), target.replace(/\.js$/, '.ts'))),
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
