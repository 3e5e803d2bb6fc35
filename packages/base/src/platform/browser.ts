// The platform of browsers: no paths, and digests in TypeScript, since those of `crypto.subtle` take all bytes at once.

import { ToolkitError } from '../toolkit-error.js';
import { plainCrc32 } from './plain-crc32.js';
import { createPlainSha256 } from './plain-sha256.js';
import type { Platform } from './platform.js';

declare const MessageChannel: new () => {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: null): void };
};

export const platform: Platform = {
  openFile: refusePath,
  pathStatus: refusePath,
  listFolder: refusePath,
  readWholeFile: refusePath,
  async writeWholeFile(path) {
    throw new ToolkitError('FILE_UNWRITABLE', `${path}: a browser writes no files by their paths`);
  },
  joinPath: (folder, name) => (folder === '' ? name : `${folder}/${name}`),
  dirname: (path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))),
  basename: (path) => path.slice(path.lastIndexOf('/') + 1),
  resolvePath: (path) => path,
  createSha256: createPlainSha256,
  crc32: plainCrc32,
  nextTask,
  freeMemory: () => Number.POSITIVE_INFINITY,
  addressesLeft: () => Number.POSITIVE_INFINITY,
};

async function refusePath(path: string): Promise<never> {
  throw new ToolkitError('FILE_NOT_FOUND', `${path}: a browser opens no files by their paths, expected a Blob`, {
    suggestions: [`fetch it: await (await fetch(${JSON.stringify(path)})).blob()`],
  });
}

/** Waits for a message rather than a timer: nested timers take at least four milliseconds each. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
