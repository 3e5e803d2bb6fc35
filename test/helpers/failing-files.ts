// File layers that fail or dawdle, for tests of what a bad disk leads to.

import * as nodeFiles from 'node:fs/promises';
import type { FileLayer } from '@llama-ts/durable';

/** Calls that make, fill, sync, name or link files. */
const WRITES = new Set(['write', 'truncate', 'sync', 'datasync', 'writeFile', 'rename', 'mkdir', 'symlink', 'open']);

/** An error as the file system gives it. */
export function failure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), { code, syscall, errno: -1 });
}

/** A layer whose writing call number `failAt` fails. */
export function failingLayer(failAt: number, errno: string): { files: FileLayer; failedCall: () => string | null } {
  let nCalls = 0;
  let failed: string | null = null;
  const mayFail = (name: string) => {
    if (!WRITES.has(name) || nCalls++ !== failAt) return;
    failed = name;
    throw failure(errno, name);
  };
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          mayFail(String(name));
          const result: unknown = await Reflect.apply(value, target, args);
          return name === 'open' ? wrap(result as object) : result;
        };
      },
    });
  return { files: wrap({ ...nodeFiles }), failedCall: () => failed };
}

/** A layer whose files take at most 1,000 bytes a call. */
export function shortWriteLayer(): FileLayer {
  const open = async (...args: Parameters<FileLayer['open']>) => {
    const handle = await nodeFiles.open(...args);
    const write = (bytes: Uint8Array, start: number, byteLength: number, position: number) =>
      handle.write(bytes, start, Math.min(1_000, byteLength), position);
    return new Proxy(handle, {
      get: (target, name) => {
        if (name === 'write') return write;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return { ...nodeFiles, open: open as FileLayer['open'] };
}
