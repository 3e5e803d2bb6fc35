// Whether a model fits the memory of WebAssembly, by its first bytes, before any other is downloaded.

import { ToolkitError } from '@llama-ts/base';
import { type BinHeader, decodeHeader, HEADER_BYTES, neededHeaderBytes } from '@llama-ts/format';
import { type MemoryPlan, type PlanMemoryOptions, planMemory } from '@llama-ts/runtime';
import type { Opening } from './download/download-messages.js';
import { FileChanged, isDamage } from './download/http-failures.js';
import { openRemote } from './download/remote-file.js';
import { keepsChanging } from './failures.js';
import { fileNameOf } from './names.js';

/** Options of a plan. */
export interface ModelPlanOptions extends PlanMemoryOptions {
  /** Headers of the request, such as `Authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model's memory and the file that it was computed for. */
export interface ModelPlan extends MemoryPlan {
  /** Bytes of the file. */
  readonly byteLength: number;
  /** 0 to 3 */
  readonly version: number;
}

/** Tries of the one request of a plan, beside the first. */
const MAX_RETRIES = 3;
/** Holds the tables of tensors of all but the largest v3 files. */
const HEAD_BYTES = 64 * 1024;

/** A plan, and the bytes that it was made by. */
export interface OpenedPlan {
  readonly plan: ModelPlan;
  readonly opening: Opening;
}

/** Plans by the first bytes of a file on a server. */
export async function planAddress(
  url: string,
  { headers = {}, signal, ...options }: ModelPlanOptions,
): Promise<OpenedPlan> {
  const remoteOptions = {
    url,
    headers,
    maxRetries: MAX_RETRIES,
    signal: signal ?? new AbortController().signal,
    onRetry: () => {},
  };
  let opening: Opening | null = null;
  const head = async (most: number) => {
    const { head, remote } = await openRemote(remoteOptions, most);
    opening = { identity: remote.identity, servesRanges: remote.servesRanges, head };
    return { bytes: head, byteLength: remote.identity.byteLength };
  };
  const fileName = fileNameOf(url);
  try {
    // A transfer may have damaged the bytes: they are fetched once more before the file is called damaged.
    const found = await headerOf(head, fileName).catch((error: unknown) => {
      if (!isDamage(error)) throw error;
      return headerOf(head, fileName);
    });
    return { plan: plan(found, options), opening: opening! };
  } catch (error) {
    throw error instanceof FileChanged ? keepsChanging(url) : error;
  }
}

/** Plans by the first bytes of a file that is there. */
export async function planBlob(blob: Blob, options: PlanMemoryOptions): Promise<ModelPlan> {
  const head = async (most: number) => ({
    bytes: new Uint8Array(await blob.slice(0, most).arrayBuffer()),
    byteLength: blob.size,
  });
  return plan(await headerOf(head, blob instanceof File ? blob.name : 'Blob'), options);
}

interface HeaderAndLength {
  readonly header: BinHeader;
  readonly byteLength: number;
}

async function headerOf(
  readHead: (most: number) => Promise<{ readonly bytes: Uint8Array; readonly byteLength: number }>,
  name: string,
): Promise<HeaderAndLength> {
  const { bytes, byteLength } = await readHead(HEAD_BYTES);
  const needed = Math.min(byteLength, neededHeaderBytes(bytes.subarray(0, HEADER_BYTES), name));
  const head = needed > bytes.byteLength ? (await readHead(needed)).bytes : bytes;
  return { header: decodeHeader(head, name), byteLength };
}

function plan({ header, byteLength }: HeaderAndLength, options: PlanMemoryOptions): ModelPlan {
  if (options.cacheType !== undefined && !['f32', 'f16'].includes(options.cacheType)) {
    throw new ToolkitError('INVALID_OPTION', `cacheType ${JSON.stringify(options.cacheType)}, expected f32 or f16`);
  }
  return { ...planMemory(header, byteLength, options), byteLength, version: header.version };
}
