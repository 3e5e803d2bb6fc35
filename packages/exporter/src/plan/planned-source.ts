// What a plan has to know of a checkpoint that is here, or of a repository that is not.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointConfig, parseConfig } from '../checkpoint/config.js';
import type { Checkpoint } from '../checkpoint/open-checkpoint.js';
import type { Connection } from '../hub/connection.js';
import { type DownloadPlan, type PlanDownloadOptions, planDownloadWith } from '../hub/plan-download.js';
import { parseJson } from '../json-fields.js';
import { type PlannedInput, type PlannedSource, sum } from './plan.js';

/** Looks up the sizes of a checkpoint's files. */
export async function plannedCheckpoint({ folder, source, commit, files }: Checkpoint): Promise<PlannedSource> {
  const inputs: PlannedInput[] = [];
  for (const path of files) {
    const { size } = await stat(join(folder, path));
    inputs.push({ path, byteLength: size, cachedBytes: size });
  }
  const inputPaths = files.map((path) => join(folder, path));
  return { source, commit, inputs, inputPaths, downloadBytes: 0, downloads: [], textBytes: textBytesOf(inputs) };
}

/** What to plan from a repository of the hub, and for which backend. */
export interface PlannedRepositoryOptions extends PlanDownloadOptions {
  /** The weights are not kept. Default false. */
  readonly stream?: boolean | undefined;
}

/** A repository as its listing and its config.json describe it. */
export interface PlannedRepository {
  readonly planned: PlannedSource;
  readonly config: CheckpointConfig;
  readonly download: DownloadPlan;
  readonly connection: Connection;
}

/** Lists a repository and reads its config.json. @throws ToolkitError what planDownload throws, `BAD_CONFIG`, `UNSUPPORTED_MODEL` */
export async function plannedRepository(options: PlannedRepositoryOptions): Promise<PlannedRepository> {
  const { plan: download, readFile, connection } = await planDownloadWith(options);
  const { repo: source, commit } = download;
  const name = `${source}/config.json`;
  const config = parseConfig(parseJson(await readFile('config.json'), name, 'BAD_CONFIG'), name);
  const isStreamed = (path: string) => options.stream === true && path.endsWith('.safetensors');
  const inputs = download.files.map(({ path, size, cachedBytes }) => {
    return { path, byteLength: size, cachedBytes: isStreamed(path) ? 0 : cachedBytes };
  });
  const streamedBytes = sum(inputs.filter(({ path }) => isStreamed(path)).map(({ byteLength }) => byteLength));
  const streamedCache = download.files.filter(({ path }) => isStreamed(path));
  const keptBytes = download.downloadBytes - sum(streamedCache.map(({ size, cachedBytes }) => size - cachedBytes));
  const planned = {
    source,
    commit,
    inputs,
    inputPaths: [],
    downloadBytes: keptBytes + streamedBytes,
    downloads: keptBytes === 0 ? [] : [{ path: options.cacheDir, byteLength: keptBytes }],
    textBytes: textBytesOf(inputs),
  };
  return { planned, config, download, connection };
}

function textBytesOf(inputs: readonly PlannedInput[]): number {
  const texts = inputs.filter(({ path }) =>
    /^tokenizer|^chat_template|^additional_chat_templates|tokenizer\.model$/.test(path),
  );
  return sum(texts.map(({ byteLength }) => byteLength));
}
