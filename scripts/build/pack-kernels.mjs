// Makes the packages of the kernels ready to publish: one for this platform with the addon of `npm run build`, and
// @llama-ts/kernels, which names those of all platforms as optional.
//
//   node scripts/build/pack-kernels.mjs FOLDER
//
// Run on each platform; publish every platform's folder first, then @llama-ts/kernels once:
//   npm publish FOLDER/kernels-linux-x64-glibc && npm publish FOLDER/kernels
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { packageDir } from './compile-native.mjs';

/** What npm calls them; npm installs the one that fits. */
const platforms = [
  { os: 'linux', cpu: 'x64', libc: 'glibc' },
  { os: 'linux', cpu: 'x64', libc: 'musl' },
  { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { os: 'linux', cpu: 'arm64', libc: 'musl' },
  { os: 'darwin', cpu: 'x64' },
  { os: 'darwin', cpu: 'arm64' },
  { os: 'win32', cpu: 'x64' },
];
const addonFile = 'llama_kernels.node';
const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length !== 1) {
  console.error('usage: node scripts/build/pack-kernels.mjs FOLDER');
  process.exit(2);
}
const [output] = positionals;
const manifest = JSON.parse(fs.readFileSync(path.join(packageDir, 'package.json'), 'utf8'));
const addon = path.join(packageDir, 'build/Release', addonFile);
const platform = thisPlatform();
if (platform === undefined || !fs.existsSync(addon)) {
  const found = platform === undefined ? `${process.platform}-${process.arch}` : `no ${path.relative('.', addon)}`;
  console.error(`pack-kernels: ${found}, expected the addon of a known platform\n  try: npm run build`);
  process.exit(1);
}
packPlatform();
packKernels();

/** The loader looks for the same name (packages/kernels/src/native/addon.ts). */
function nameOf({ os, cpu, libc }) {
  return `${manifest.name}-${[os, cpu, libc].filter(Boolean).join('-')}`;
}

function thisPlatform() {
  const isGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  const libc = process.platform !== 'linux' ? undefined : isGlibc ? 'glibc' : 'musl';
  return platforms.find((it) => it.os === process.platform && it.cpu === process.arch && it.libc === libc);
}

function packPlatform() {
  const folder = emptyFolder(nameOf(platform));
  const { os, cpu, libc } = platform;
  const described = [os, cpu, libc].filter(Boolean).join(', ');
  const { version, license, engines, publishConfig } = manifest;
  writeManifest(folder, {
    name: nameOf(platform),
    version,
    description: `Native kernels of ${manifest.name} for ${described}`,
    ...{ license, engines },
    ...{ os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) },
    ...{ main: addonFile, files: [addonFile, 'LICENSE'], publishConfig },
  });
  fs.copyFileSync(addon, path.join(folder, addonFile));
  fs.copyFileSync(path.join(packageDir, 'LICENSE'), path.join(folder, 'LICENSE'));
}

function packKernels() {
  const folder = emptyFolder(manifest.name);
  const optionalDependencies = Object.fromEntries(platforms.map((it) => [nameOf(it), manifest.version]));
  writeManifest(folder, { ...manifest, optionalDependencies });
  for (const file of manifest.files)
    fs.cpSync(path.join(packageDir, file), path.join(folder, file), { recursive: true });
}

function emptyFolder(name) {
  const folder = path.join(output, name.split('/').at(-1));
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  console.log(folder);
  return folder;
}

function writeManifest(folder, content) {
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}
