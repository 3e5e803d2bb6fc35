// The store of models of a page's origin, in its origin private file system.

import { ToolkitError } from '@llama-ts/base';
import { type CacheType, checkMemoryPlan } from '@llama-ts/runtime';
import type { DownloadEvent } from './download/download-messages.js';
import { beingDownloaded } from './failures.js';
import { type ModelPlan, type ModelPlanOptions, planAddress, planBlob } from './model-plan.js';
import { addressOf, keyOf } from './names.js';
import { startDownload } from './start-download.js';
import { findModelFolder, openStoreFolder } from './store-folder.js';
import { prepareSpace, readSpace, type StoreSpace } from './store-space.js';
import { findModel, type ListedModel, listModels, removeUnlessHeld, type StoredModel } from './stored-models.js';

/** Options of {@link ModelStore.fetch}. */
export interface FetchModelOptions {
  /** The name in the store; default the address. For addresses that change, such as signed ones. */
  readonly name?: string | undefined;
  /** Headers of the requests, such as `Authorization`. They are not kept. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Positions that must fit the memory beside the weights; default as many as do, at most openModel's default. */
  readonly context?: number | undefined;
  /** Type of the KV cache that must fit; default `f32`. */
  readonly cacheType?: CacheType | undefined;
  /** Takes a file without checksums as it comes. Default false, which refuses it. */
  readonly unchecked?: boolean | undefined;
  /** Asks the server whether a model of the store is still its file, and downloads it again if not. Default false: no request. */
  readonly update?: boolean | undefined;
  /** Tries in a row that bring no byte before the download fails; default 8, about half a minute. */
  readonly maxRetries?: number | undefined;
  /** Called with each event; it must not throw. */
  readonly onProgress?: ((event: DownloadEvent) => void) | undefined;
  /** Ends the download. What was received stays, and a later one goes on with it. */
  readonly signal?: AbortSignal | undefined;
}

/** Models that were downloaded. All tabs and workers of an origin have the same. */
export interface ModelStore {
  /** All models, whole or not, in the order of their names. */
  list(): Promise<readonly ListedModel[]>;
  /** A whole model by its name; null if there is none. No request is made. */
  get(name: string): Promise<StoredModel | null>;
  /**
   * A model of the store; if it is not there, or not whole, it is downloaded in a worker first. Tabs that ask for the same share
   * one download.
   *
   * @throws ToolkitError `MODEL_TOO_LARGE_FOR_WASM`, `LIMIT_EXCEEDED` before the download; `DISK_FULL`, `BAD_CHECKSUM`,
   *   `NO_CHECKSUMS`, `SOURCE_CHANGED`, `HUB_NETWORK` and others of the hub and of the format; rejects with the signal's reason
   * @example const { file } = await store.fetch('/models/llama-3.2-1b.bin'); const model = await openModel(file);
   */
  fetch(url: string | URL, options?: FetchModelOptions): Promise<StoredModel>;
  /** Removes a model, or what there is of it. @throws ToolkitError `NOT_IN_STORE`, `OUTPUT_BUSY` while it is downloaded */
  remove(name: string): Promise<void>;
  /**
   * Whether a model fits the memory of WebAssembly, by the first bytes of its file.
   *
   * @throws ToolkitError `NOT_A_MODEL` and others of a header, `INVALID_OPTION`, of the hub
   */
  plan(from: string | URL | Blob, options?: ModelPlanOptions): Promise<ModelPlan>;
  /** Storage in use and allowed. */
  space(): Promise<StoreSpace>;
}

const DEFAULT_RETRIES = 8;

/**
 * Opens the store of this page's origin.
 *
 * @throws ToolkitError `STORE_FAILED` where the browser gives the page no files
 */
export async function openModelStore(): Promise<ModelStore> {
  const store = await openStoreFolder();
  const isThere = async (name: string): Promise<boolean> => (await findModelFolder(store, keyOf(name))) !== null;
  return {
    list: () => listModels(store),
    get: (name) => findModel(store, name),
    async fetch(from, options = {}) {
      const { signal, headers = {}, context, cacheType, unchecked = false, update = false } = options;
      signal?.throwIfAborted();
      const url = addressOf(from, location.href);
      const name = options.name ?? url;
      const found = await findModel(store, name);
      const isUsable = found !== null && (found.isChecked || unchecked) && !update;
      if (isUsable) {
        checkMemoryPlan(await planBlob(found.file, { context, cacheType }), name);
        return found;
      }
      const { plan, opening } = await planAddress(url, { context, cacheType, headers, signal });
      checkMemoryPlan(plan, name);
      // What is there of it has its whole place already.
      await prepareSpace(name, (await isThere(name)) ? 0 : plan.byteLength);
      const { maxRetries = DEFAULT_RETRIES, onProgress = () => {} } = options;
      const request = { name, url, key: keyOf(name), opening, headers, unchecked, update, maxRetries };
      await startDownload(request, { signal, onProgress });
      const model = await findModel(store, name);
      if (model === null) throw new ToolkitError('STORE_FAILED', `${name}: was removed while it was downloaded`);
      return model;
    },
    async remove(name) {
      if (!(await isThere(name))) {
        throw new ToolkitError('NOT_IN_STORE', `${name}: the store has no such model`, {
          suggestions: ['see which there are: store.list()'],
        });
      }
      if (!(await removeUnlessHeld(store, keyOf(name)))) throw beingDownloaded(name);
    },
    plan: async (from, options = {}) =>
      from instanceof Blob
        ? planBlob(from, options)
        : (await planAddress(addressOf(from, location.href), options)).plan,
    space: readSpace,
  };
}
