// A repository whose weights stay at the hub: small files are downloaded, weights are read once while they are exported.

import { ToolkitError } from '@llama-ts/base';
import { openSafetensors, type ReadOptions, type SafetensorsFile, type ShardTensorInfo } from '@llama-ts/safetensors';
import type { WeightStream } from '../checkpoint/weight-stream.js';
import type { Snapshot } from '../source/source-opener.js';
import { NOTHING_LEFT } from '../weights/weight-rows.js';
import { type FilePass, openFilePass } from './file-pass.js';
import type { RepoFile } from './list-repo.js';
import { type PlanDownloadOptions, planDownloadWith } from './plan-download.js';
import { downloadedSnapshot, type HubSnapshot } from './snapshot.js';

/** Options of {@link streamSnapshot}. */
export interface StreamSnapshotOptions extends PlanDownloadOptions {
  /** Downloads the small files: downloadSnapshot, perhaps with progress shown. */
  readonly download: (options: PlanDownloadOptions) => Promise<HubSnapshot>;
}

/**
 * Opens a repository's commit without keeping its weights. The small files go into the hub cache. The weights are read
 * once, front to back, when the model is exported; they take no space on the disk and cannot be read twice.
 *
 * @throws ToolkitError what planDownload and downloadSnapshot throw; SafetensorsError of a damaged header
 * @example
 * const source = await openModelSource('meta-llama/Llama-3.2-1B', {
 *   download: ({ repo }) => streamSnapshot({ repo, cacheDir, download }),
 * });
 */
export async function streamSnapshot(options: StreamSnapshotOptions): Promise<Snapshot> {
  const { signal, onRetry = () => undefined } = options;
  const { plan, connection } = await planDownloadWith(options);
  const { repo, commit } = plan;
  const shards = plan.files.filter(({ path }) => isWeights(path));
  if (shards.length === 0)
    throw notStreamed(
      repo,
      plan.files.some(({ path }) => /\.gguf$/i.test(path)),
    );
  const snapshot = await options.download({
    ...options,
    revision: commit,
    include: (path) => isSmall(path, plan.files),
  });
  const passes = shards.map((file) => openFilePass({ connection, repo, commit, file, signal, onRetry }));
  const stream = await openWeightStream({ repo, commit, shards, passes, signal });
  return { ...downloadedSnapshot(snapshot), stream };
}

function isWeights(path: string): boolean {
  return path.endsWith('.safetensors');
}

function isSmall(path: string, planned: readonly RepoFile[]): boolean {
  return !isWeights(path) && planned.some((file) => file.path === path);
}

interface OpenStreamOptions {
  readonly repo: string;
  readonly commit: string;
  readonly shards: readonly RepoFile[];
  readonly passes: readonly FilePass[];
  readonly signal: AbortSignal | undefined;
}

async function openWeightStream(options: OpenStreamOptions): Promise<WeightStream> {
  const { repo, commit, shards, passes, signal } = options;
  const files: SafetensorsFile[] = [];
  const tensors = new Map<string, ShardTensorInfo>();
  const places = new Map<string, { readonly index: number; readonly place: number }>();
  for (const [index, { path, blob }] of passes.entries()) {
    const file = await openSafetensors(blob, { name: `${repo}/${path}`, signal });
    files.push(file);
    for (const tensor of file.tensors.values()) {
      if (tensors.has(tensor.name))
        throw twice(`${repo}: tensor ${tensor.name}`, tensors.get(tensor.name)!.shard, path);
      // Files come in the order of the plan, and tensors in the order of the data.
      places.set(tensor.name, { index, place: places.size });
      tensors.set(tensor.name, { ...tensor, shard: path });
    }
  }
  const checked = new Map<number, string>();
  /** Ends the passes before `index`. */
  const finishUpTo = async (index: number): Promise<void> => {
    for (let i = 0; i < index; i++) if (!checked.has(i)) checked.set(i, await passes[i]!.finish());
  };
  return {
    reader: {
      tensors,
      read: (name: string, read?: ReadOptions) => files[places.get(name)!.index]!.read(name, read),
      close: async () => undefined,
    },
    paths: passes.map(({ path }) => path),
    identity: `${commit} ${shards.map(({ etag }) => etag).join(' ')}`,
    warnings: [],
    placeOf: (name) => places.get(name)!.place,
    async readNext(name, start, into) {
      const { index } = places.get(name)!;
      await finishUpTo(index);
      await passes[index]!.readNext(tensors.get(name)!.byteOffset + start, into);
      return NOTHING_LEFT;
    },
    async finish() {
      await finishUpTo(passes.length);
      return shards.map(({ path, size }, i) => ({ path, byteLength: size, sha256: checked.get(i)! }));
    },
  };
}

function twice(what: string, first: string, second: string): ToolkitError {
  return new ToolkitError('SAFETENSORS_INDEX', `${what} is in ${first} and in ${second}, expected in one`, {
    suggestions: ['take another commit, whose index is right: --revision REVISION'],
  });
}

/** The error of a repository whose weights cannot be read once only: of a GGUF file, some tensors are read twice. */
export function notStreamed(repo: string, isGguf: boolean): ToolkitError {
  const found = isGguf ? 'its weights are a GGUF file' : 'holds no safetensors';
  return new ToolkitError('INVALID_ARGUMENT', `${repo}: ${found}, expected safetensors for --stream`, {
    suggestions: ['other weights are read from a copy: leave out --stream'],
  });
}
