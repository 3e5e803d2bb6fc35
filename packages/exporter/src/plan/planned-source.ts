// The facts that a plan needs of a local source or of a repository.

import { pathStatus } from '@llama-ts/base';
import { parseConfig } from '../checkpoint/config.js';
import type { Connection } from '../hub/connection.js';
import { type DownloadPlan, type PlanDownloadOptions, planDownloadWith } from '../hub/plan-download.js';
import { notStreamed } from '../hub/stream-snapshot.js';
import { parseJson } from '../json-fields.js';
import { type ModelSource, pathsOf } from '../source/model-source.js';
import { type PlannedInput, type PlannedSource, sum } from './plan.js';
import { remoteGgufModel } from './remote-gguf.js';
import type { RepositoryModel } from './repository-model.js';

/** Looks up the sizes of an open source's files. */
export async function plannedSource(model: ModelSource): Promise<PlannedSource> {
  const { name, commit, files, otherPaths = [] } = model;
  const inputPaths = pathsOf(model);
  const inputs: PlannedInput[] = [];
  for (const [i, path] of [...files, ...otherPaths].entries()) {
    const { size } = await pathStatus(inputPaths[i]!);
    inputs.push({ path, byteLength: size, cachedBytes: size });
  }
  return { source: name, commit, inputs, inputPaths, downloadBytes: 0, downloads: [], textBytes: textBytesOf(inputs) };
}

/** The repository of the hub to plan for, and the backend. */
export interface PlannedRepositoryOptions extends PlanDownloadOptions {
  /** The weights are not kept. Default false. */
  readonly stream?: boolean | undefined;
}

/** A repository as its listing describes it, and config.json or the header of a GGUF file. */
export interface PlannedRepository {
  readonly planned: PlannedSource;
  readonly model: RepositoryModel;
  readonly download: DownloadPlan;
  readonly connection: Connection;
}

/**
 * Lists a repository, and reads its config.json or the header of its GGUF file.
 *
 * @throws ToolkitError what planDownload throws, `BAD_CONFIG`, `UNSUPPORTED_MODEL`; for a GGUF file what openGgufSource throws
 */
export async function plannedRepository(options: PlannedRepositoryOptions): Promise<PlannedRepository> {
  const { plan: download, readFile, connection } = await planDownloadWith(options);
  const { repo: source, commit } = download;
  const gguf = download.files.find(({ path }) => /\.gguf$/i.test(path));
  if (gguf !== undefined && options.stream === true) throw notStreamed(source, true);
  const model =
    gguf === undefined
      ? await checkpointModel(source, readFile, download)
      : await remoteGgufModel({ download, connection, path: gguf.path }, options);
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
    textBytes: model.textBytes,
  };
  return { planned, model, download, connection };
}

async function checkpointModel(
  source: string,
  readFile: (path: string) => Promise<Uint8Array>,
  { files }: DownloadPlan,
): Promise<RepositoryModel> {
  const name = `${source}/config.json`;
  const config = parseConfig(parseJson(await readFile('config.json'), name, 'BAD_CONFIG'), name);
  return {
    dimensions: { ...config.dimensions, sharedClassifier: config.tiedEmbeddings },
    settings: config,
    textBytes: textBytesOf(files.map(({ path, size }) => ({ path, byteLength: size }))),
  };
}

function textBytesOf(inputs: readonly Pick<PlannedInput, 'path' | 'byteLength'>[]): number {
  const texts = inputs.filter(({ path }) =>
    /^tokenizer|^chat_template|^additional_chat_templates|tokenizer\.model$/.test(path),
  );
  return sum(texts.map(({ byteLength }) => byteLength));
}
