// A folder or file of this machine, to make a model of.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { byteSize, isToolkitError } from '@llama-ts/base';
import { pathsOf, planExport } from '@llama-ts/exporter';
import { openNamedSource } from '../sources/open-named-source.js';
import { refuseModel } from '../sources/refuse-model.js';
import { keyOfModel, type StoreName } from './entries.js';
import type { MakeOptions, Origin } from './origin.js';
import { stampsOf, stampsOfFolder } from './stamps.js';
import { checkRoom } from './store-failure.js';
import type { StorePaths } from './store-folder.js';
import { variantVersions } from './variants.js';

/** Codes of a folder that holds no model. */
const noModelCodes: readonly string[] = ['BAD_CONFIG', 'NOT_A_CHECKPOINT'];

type LocalName = Extract<StoreName, { kind: 'local' }>;

/** Opens a source. @throws ToolkitError `NOT_A_MODEL` for a folder that holds none, and what openModelSource throws */
export async function openLocalOrigin(store: StorePaths, name: LocalName, options: MakeOptions): Promise<Origin> {
  const { path, variant } = name;
  const { reporter, signal, typed } = options;
  const note = (text: string): void => reporter.logToStderr(text);
  const isFolder = (await stat(path)).isDirectory();
  const model = await openNamedSource(path, { revision: undefined, token: undefined, signal, note }).catch(
    async (error: unknown) => {
      const isNoModel = isFolder && isToolkitError(error) && noModelCodes.includes(error.code);
      if (!isNoModel || (await hasSettings(path))) throw error;
      // With a variant after it, what was typed is no path.
      throw await refuseModel((await isThere(typed)) ? typed : path);
    },
  );
  try {
    const files = pathsOf(model);
    const stamps = await (isFolder ? stampsOfFolder(files) : stampsOf(files));
    const key = keyOfModel(JSON.stringify([path, await model.identity()]), variant);
    const source = { kind: 'local', path, stamps } as const;
    return {
      key,
      source,
      downloadBytes: 0,
      plan: null,
      async open() {
        const output = join(store.files, `${key}.bin`);
        const plan = await planExport({ source: model, output, version: variantVersions[variant], force: true });
        checkRoom(store, plan);
        note(
          `${typed}: converting ${byteSize(plan.readBytes)}, to make a model of ${byteSize(plan.outputBytes)} (${variant})`,
        );
        return { key, source, model };
      },
      close: () => model.close(),
    };
  } catch (error) {
    await model.close();
    throw error;
  }
}

/** Whether a folder has the settings of a model: what is wrong is then in them, or in other files. */
async function hasSettings(folder: string): Promise<boolean> {
  return (await isThere(join(folder, 'config.json'))) || (await isThere(join(folder, 'params.json')));
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
