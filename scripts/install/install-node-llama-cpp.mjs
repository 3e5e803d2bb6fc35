// Installs node-llama-cpp outside of the workspace, for the tests that compare with llama.cpp, and prints its folder.
//
// usage: export NODE_LLAMA_CPP=$(node scripts/install/install-node-llama-cpp.mjs)
// Nothing is compiled: the binary comes as a package of its own.

import { installOutside } from './install-outside.mjs';

const version = '3.22.1';
const binaries = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
};

const platform = `${process.platform}-${process.arch}`;
const binary = binaries[platform];
if (binary === undefined) {
  console.error(`node-llama-cpp: no binary for ${platform}, expected one of ${Object.keys(binaries).join(', ')}`);
  process.exit(1);
}
const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/${binary}@${version}`];
console.log(installOutside(`node-llama-cpp-${version}-${platform}`, packages));
