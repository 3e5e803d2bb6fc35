// llama pull: a repository of the hub becomes a model of the store, or the newest commit of one that is there.

import { stat } from 'node:fs/promises';
import { shellWord, ToolkitError } from '@llama-ts/base';
import { Args } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { backendOfEnvironment } from '../environment/chosen-kernels.js';
import { refuseModel } from '../sources/refuse-model.js';
import { type ListedModel, listedModel } from '../store/listed-model.js';
import { storeName } from '../store/locate-model.js';
import { madeLine, makeModel } from '../store/make-model.js';
import { openStore } from '../store/store-folder.js';

/** Output of `--json`. */
interface PullReport extends ListedModel {
  /** `made`, `shared`: its model was there, as another name's, or `current`: nothing was to be done. */
  readonly state: 'made' | 'shared' | 'current';
  readonly downloadedBytes: number;
  readonly milliseconds: number;
}

export default class Pull extends BaseCommand {
  static override description =
    'Download a model from the hub into the store, or its newest commit; a folder is converted into it';
  static override examples = [
    '<%= config.bin %> pull meta-llama/Llama-3.2-1B-Instruct',
    '<%= config.bin %> pull meta-llama/Llama-3.2-1B-Instruct:q8',
    '<%= config.bin %> pull meta-llama/Llama-3.2-1B-Instruct@main --json',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: Args.string({
      description: 'ORG/NAME[:VARIANT][@REVISION], or a folder; VARIANT is q4 (default), q8 or f32',
      required: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<PullReport> {
    const { args } = await this.parse(Pull);
    const name = await storeName(args.model);
    if (name === null) throw await noSource(args.model);
    const store = openStore();
    const made = await makeModel(store, name, {
      typed: args.model,
      // Whoever types pull asks for a download.
      isAgreed: true,
      isUpdate: true,
      backend: backendOfEnvironment(),
      reporter: this.#reporter(),
      signal: this.signal,
    });
    this.log(madeLine(made));
    const { entry, state, downloadedBytes, milliseconds } = made;
    return { ...listedModel(store, entry), state, downloadedBytes, milliseconds };
  }

  /** What happens on the way is no result. */
  #reporter() {
    const print = (text: string): void => this.logToStderr(text);
    return { log: print, logToStderr: print, warn: (text: string): void => void this.warn(text) };
  }
}

async function noSource(name: string): Promise<ToolkitError> {
  if ((await stat(name).catch(() => null)) !== null) {
    return new ToolkitError(
      'SOURCE_NOT_FOUND',
      `${name}: is a file that is opened as it is, expected ORG/NAME or a folder`,
      {
        suggestions: [`llama run ${shellWord(name)}`],
      },
    );
  }
  const { code, message, suggestions } = await refuseModel(name, { takesRepositories: true });
  if (code !== 'FILE_NOT_FOUND') return new ToolkitError(code, message, { suggestions });
  return new ToolkitError('SOURCE_NOT_FOUND', `${name}: no folder, and no name like ORG/NAME`, { suggestions });
}
