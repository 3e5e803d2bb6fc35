// The facts that a plan needs of a local source or of a repository.

import { joinPath, pathStatus, ToolkitError } from '@llama-ts/base';
import { type CheckpointConfig, parseConfig } from '../checkpoint/config.js';
import type { Connection } from '../hub/connection.js';
import { type DownloadPlan, type PlanDownloadOptions, planDownloadWith } from '../hub/plan-download.js';
import { parseJson } from '../json-fields.js';
import { type ModelSource, pathsOf } from '../source/model-source.js';
import { type PlannedInput, type PlannedSource, sum } from './plan.js';

/** Looks up the sizes of an open source's files. */
export async function plannedSource({ folder, name, commit, files }: ModelSource): Promise<PlannedSource> {
  const inputs: PlannedInput[] = [];
  for (const path of files) {
    const { size } = await pathStatus(joinPath(folder, path));
    inputs.push({ path, byteLength: size, cachedBytes: size });
  }
  const inputPaths = pathsOf({ folder, files });
  return { source: name, commit, inputs, inputPaths, downloadBytes: 0, downloads: [], textBytes: textBytesOf(inputs) };
}

/** The repository of the hub to plan for, and the backend. */
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
  if (download.files.some(({ path }) => /\.gguf$/i.test(path))) throw plannedGguf(source);
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

/** Its header would have to be read, which holds the tokenizer. */
function plannedGguf(repo: string): ToolkitError {
  return new ToolkitError(
    'INVALID_ARGUMENT',
    `${repo}: a plan reads config.json, expected no GGUF file of a repository`,
    {
      suggestions: ['a file on this machine can be planned; to download it: leave out --dry-run'],
    },
  );
}

function textBytesOf(inputs: readonly PlannedInput[]): number {
  const texts = inputs.filter(({ path }) =>
    /^tokenizer|^chat_template|^additional_chat_templates|tokenizer\.model$/.test(path),
  );
  return sum(texts.map(({ byteLength }) => byteLength));
}
