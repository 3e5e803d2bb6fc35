// The page of the tests of exporting: what each of its functions does in the tab.

import { createSha256, hexOf } from '@llama-ts/base';
import {
  type ChosenFolder,
  droppedFolder,
  exportInWorker,
  exportModel,
  folderOfFiles,
  folderOfHandle,
  mountFolder,
  type PickedFolder,
  pickFolder,
  privateFile,
  type RepositoryToExport,
  type WorkerExportOptions,
} from '@llama-ts/exporter/browser';
import { generate, openModel } from '@llama-ts/runtime';

const PIECE_BYTES = 1 << 20;

/** How an export ended. */
export interface Ended {
  readonly sha256?: string;
  readonly byteLength?: number;
  readonly failure?: { readonly code: string; readonly message: string; readonly suggestions: readonly string[] };
}

interface Handle {
  readonly name: string;
  readonly kind: string;
}

interface Folder extends PickedFolder {
  getDirectoryHandle(name: string, options: object): Promise<Folder>;
  getFileHandle(name: string, options: object): Promise<unknown>;
}

interface Page {
  readonly document: {
    querySelector(selector: string): { readonly files: Iterable<File> };
    ondragover: unknown;
    ondrop: unknown;
  };
  readonly navigator: { readonly storage: { getDirectory(): Promise<Folder> } };
  dropped: ChosenFolder;
  showDirectoryPicker?: unknown;
}

const page = globalThis as unknown as Page;

page.document.ondragover = (event: { preventDefault(): void }) => event.preventDefault();
page.document.ondrop = async (event: {
  preventDefault(): void;
  dataTransfer: { items: Parameters<typeof droppedFolder>[0] };
}) => {
  event.preventDefault();
  page.dropped = await droppedFolder(event.dataTransfer.items);
};

const chosen = (): ChosenFolder => folderOfFiles(page.document.querySelector('input').files);

const sources = {
  input: async () => chosen(),
  drop: async () => page.dropped,
  /** A folder of the private file system stands for one that was picked. */
  async handle() {
    const { name, files } = chosen();
    const folder = await (await page.navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
    for (const [path, file] of files) {
      if (path.includes('/')) continue;
      const handle = await folder.getFileHandle(path, { create: true });
      const writable = await (handle as unknown as { createWritable(): Promise<WritableStream> }).createWritable();
      await (file.stream() as ReadableStream).pipeTo(writable);
    }
    return folderOfHandle(folder);
  },
};

/** The digest of a file, read by pieces. */
async function digest(path: string): Promise<string> {
  const file = await privateFile(path);
  const hash = createSha256();
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
  }
  return hexOf(hash.digest());
}

/** Exports, and digests the file. @param abortAfter events after which the signal aborts */
async function run(
  from: keyof typeof sources | RepositoryToExport,
  options: WorkerExportOptions,
  abortAfter = Number.POSITIVE_INFINITY,
  hasDigest = true,
): Promise<Ended> {
  const stopping = new AbortController();
  try {
    const source = typeof from === 'string' ? await sources[from]() : from;
    const events = exportInWorker({ ...options, source, signal: stopping.signal });
    for (let nEvents = 1; ; nEvents++) {
      const { done, value } = await events.next();
      if (nEvents === abortAfter) stopping.abort();
      if (!done) continue;
      const { file, byteLength } = value;
      const saved = await privateFile(options.output);
      if (saved.size !== file.size || file.size !== byteLength) throw new Error('another length');
      return { byteLength, ...(hasDigest ? { sha256: await digest(options.output) } : {}) };
    }
  } catch (error) {
    const { name, code, message, suggestions = [] } = error as Error & Ended['failure'] & object;
    // The browser's own errors have numbers for codes.
    return { failure: { code: typeof code === 'string' ? code : name, message, suggestions } };
  }
}

Object.assign(globalThis, {
  run,
  digest,
  /** Two exports to one name at once. */
  race: (options: WorkerExportOptions) => Promise.all([run('input', options), run('input', options)]),
  async pickWithoutPicker() {
    page.showDirectoryPicker = undefined;
    return pickFolder().then(
      () => null,
      ({ code, message, suggestions }) => ({ code, message, suggestions }),
    );
  },
  /** On the page's own thread, from a folder of one file. */
  async exportHere(output: string) {
    const { path } = mountFolder('model', chosen().files);
    return exportModel({ source: path, output })
      .next()
      .then(
        () => null,
        ({ code, message, suggestions }) => ({ code, message, suggestions }),
      );
  },
  async names() {
    const names: string[] = [];
    const root = await page.navigator.storage.getDirectory();
    for await (const { name, kind } of root.values() as AsyncIterable<Handle>) if (kind === 'file') names.push(name);
    return names.sort();
  },
  async tokens(path: string, prompt: string) {
    const model = await openModel(await privateFile(path));
    const ids: number[] = [];
    for await (const event of generate(model, prompt, { temperature: 0, maxTokens: 20 })) {
      if (event.type === 'token') ids.push(event.id);
    }
    await model.close();
    return ids;
  },
  isReady: true,
});
