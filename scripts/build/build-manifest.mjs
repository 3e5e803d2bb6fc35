// Lists the commands and their flags in packages/cli/oclif.manifest.json, so that running one does not load the others.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeAtOnce } from './write-at-once.mjs';

const root = join(import.meta.dirname, '../..', 'packages', 'cli');
const { Plugin } = await import(pathToFileURL(createRequire(join(root, 'package.json')).resolve('@oclif/core')).href);
const path = join(root, 'oclif.manifest.json');
const plugin = new Plugin({ root, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true });
await plugin.load();
writeAtOnce(path, `${JSON.stringify(plugin.manifest)}\n`);
