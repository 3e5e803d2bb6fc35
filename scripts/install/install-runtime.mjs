// Installs a JavaScript runtime outside of the workspace, to run the tests or the demo on it, and prints its executable.
//
// usage: node scripts/install/install-runtime.mjs node@26.12.1
//        node scripts/install/install-runtime.mjs bun@1.4.5
//        node scripts/install/install-runtime.mjs deno@2.9.6
// The executable is a package of its own, one for each platform.

import path from 'node:path';
import { installOutside } from './install-outside.mjs';

const arm = process.arch === 'arm64';
const { platform } = process;
const packages = {
  node: {
    name:
      platform === 'darwin'
        ? `node-bin-darwin-${process.arch}`
        : `node-${platform === 'win32' ? 'win' : 'linux'}-${process.arch}`,
    executable: 'bin/node',
  },
  bun: {
    name: `@oven/bun-${platform === 'win32' ? 'windows' : platform}-${arm ? 'aarch64' : 'x64'}`,
    executable: 'bin/bun',
  },
  deno: { name: `@deno/${platform}-${process.arch}${platform === 'linux' ? '-glibc' : ''}`, executable: 'deno' },
};

const [runtime, version, ...rest] = (process.argv[2] ?? '').split('@');
if (packages[runtime] === undefined || !version || rest.length > 0) {
  console.error('usage: node scripts/install/install-runtime.mjs RUNTIME@VERSION, RUNTIME one of node, bun, deno');
  process.exit(2);
}
const { name, executable } = packages[runtime];
const folder = installOutside(`${runtime}-${version}-${platform}-${process.arch}`, [`${name}@${version}`]);
console.log(path.join(folder, 'node_modules', name, platform === 'win32' ? `${executable}.exe` : executable));
