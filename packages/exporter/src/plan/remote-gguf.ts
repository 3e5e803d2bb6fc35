// The model of a GGUF file that is at the hub, by its header, which is read without the rest of the file.

import { openGgufFiles } from '@llama-ts/gguf';
import { soleDtype } from '../checkpoint/tensor-names.js';
import { describeGguf } from '../gguf/describe-gguf.js';
import { GGUF_CLASSIFIER, ggufName } from '../gguf/gguf-names.js';
import { encodingOf } from '../gguf/gguf-rows.js';
import type { Connection } from '../hub/connection.js';
import { openFilePass } from '../hub/file-pass.js';
import type { DownloadPlan, PlanDownloadOptions } from '../hub/plan-download.js';
import { modelTensors } from '../weights/model-tensors.js';
import type { RepositoryModel } from './repository-model.js';

/** A file of a repository. */
interface RemoteGguf {
  readonly download: DownloadPlan;
  readonly connection: Connection;
  /** Its path there; of a split model, that of any part. */
  readonly path: string;
}

/** Reads the header of a file, of a split model all headers: the tokenizer is in it, so that a Llama takes some MB. */
export async function remoteGgufModel(
  { download, connection, path }: RemoteGguf,
  { signal, onRetry = () => undefined }: Pick<PlanDownloadOptions, 'signal' | 'onRetry'>,
): Promise<RepositoryModel> {
  const { repo, commit } = download;
  const name = `${repo}/${path}`;
  const files = await openGgufFiles(name, {
    // The download has every part.
    open(part) {
      const file = download.files.find((listed) => `${repo}/${listed.path}` === part)!;
      return openFilePass({ connection, repo, commit, file, signal, onRetry }).blob;
    },
    signal,
  });
  try {
    const { dimensions, settings } = await describeGguf(files, { name, isRemote: true, signal });
    const whole = { ...dimensions, sharedClassifier: !files.tensors.has(GGUF_CLASSIFIER) };
    const matrices = modelTensors(whole).filter(({ shape }) => shape.length > 1);
    return {
      dimensions: whole,
      settings,
      rows: { quantizationOf: (tensor) => encodingOf(files.tensors.get(ggufName(tensor))!.type) },
      storedType: soleDtype(matrices.map((tensor) => files.tensors.get(ggufName(tensor))!.type)),
      textBytes: files.files[0]!.dataByteOffset,
    };
  } finally {
    await files.close();
  }
}
