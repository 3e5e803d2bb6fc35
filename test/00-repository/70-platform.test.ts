// Code that differs between Node and a browser is in the platform files of a package, and nowhere else.

import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));

/** What a page loads to run a model, to read weights, to export and to check them. */
const portable = [
  ...['base', 'format', 'safetensors', 'pytorch', 'kernels', 'runtime', 'exporter', 'evaluate', 'browser', 'server'],
];

/** The hub's cache is a folder of this machine, with links and locks in it: so exporter/src/hub is for Node only. */
const ofNode = (file: string): boolean => file.includes('/platform/') || file.includes('/exporter/src/hub/');

/** A module of Node, or a global that only Node has. */
const NODE = /'node:[\w/]+'|\bNodeJS\.\w+|\bprocess\.\w+|\bBuffer\.\w+|\bsetImmediate\(|\b__dirname\b/;

function sources(name: string, under = 'src'): string[] {
  const folder = join(packages, name, under);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  return files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file));
}

const codeOf = (file: string): string => readFileSync(file, 'utf8').replace(/^\s*(?:\/\/|\/\*\*|\*).*$/gm, '');

describe('code for one platform', () => {
  for (const name of portable) {
    it(`is only in platform/ in package ${name}, apart from the exporter's hub`, () => {
      const files = sources(name).filter((file) => !ofNode(file));
      assert.ok(files.length > 5);
      for (const file of files) {
        const found = NODE.exec(codeOf(file));
        assert.equal(found, null, `${file}: ${found?.[0]}`);
      }
    });
  }

  for (const name of portable.filter((name) => existsSync(join(packages, name, 'src/platform')))) {
    it(`has a file for Node and one for browsers in package ${name}, and package.json chooses between them`, () => {
      const { imports, exports } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
      assert.deepEqual(imports['#platform'], {
        browser: './src/platform/browser.ts',
        default: './src/platform/node.ts',
      });
      assert.equal(exports['.'].browser, './dist/browser.js');
      // Types of a published package may not come from a file that is not published.
      for (const file of sources(name, 'dist')) assert.doesNotMatch(readFileSync(file, 'utf8'), /'#platform'/, file);
      for (const file of sources(name, 'src/platform').filter((file) => /\/browser[\w-]*\.ts$/.test(file))) {
        assert.doesNotMatch(codeOf(file), NODE, file);
      }
    });
  }
});
