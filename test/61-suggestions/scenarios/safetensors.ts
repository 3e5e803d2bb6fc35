// Damaged safetensors files, folders and indexes, and other files in their place.

import { mkdir, readdir, rename, rm, truncate } from 'node:fs/promises';
import type { BlobLike } from '@llama-ts/base';
import {
  MAX_DIMENSIONS,
  MAX_HEADER_BYTES,
  openSafetensors,
  openSafetensorsFolder,
  writeSafetensors,
} from '@llama-ts/safetensors';
import { fileOf } from '../../20-safetensors/support.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { prepareWriter } from './writer.js';

const FILE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const good = fileOf('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 'xy');

/** Opens the file, and says so; as `openSafetensors` in a program. */
const open = async (s: Situation, name = FILE): Promise<void> => (await openSafetensors(s.path(name))).close();
const openFolder = async (s: Situation): Promise<void> => (await openSafetensorsFolder(s.folder)).close();

/** Downloads or saves the file again, as a user would. */
const replaced = (s: Situation): Promise<string> => s.write(FILE, good);

/** A file with these bytes, in whose place the right one is put. */
function damaged(title: string, code: string, bytes: Uint8Array | string): Scenario {
  return {
    title: `a safetensors file that is ${title}`,
    code,
    prepare: (s) => s.write(FILE, bytes),
    call: (s) => open(s),
    acts: [[/^(?:download|save) /, replaced]],
  };
}

const entry = (fields: string): Uint8Array => fileOf(`{"a":{${fields}}}`, 'xy');

/** A Blob of a size that no memory holds, with a header before its zeros. */
function hugeBlob(): BlobLike {
  const nBytes = 2 ** 40;
  const header = fileOf(`{"a":{"dtype":"U8","shape":[${nBytes}],"data_offsets":[0,${nBytes}]}}`);
  return {
    size: header.byteLength + nBytes,
    slice: (start, end) => ({
      arrayBuffer: async () => {
        const part = new Uint8Array(end - start);
        part.set(header.subarray(start, end));
        return part.buffer;
      },
    }),
  };
}

/** An index for the shards a.safetensors and b.safetensors, each with one tensor. */
async function writeShards(s: Situation, index: unknown): Promise<void> {
  await s.write(INDEX, typeof index === 'string' ? index : JSON.stringify(index));
  for (const name of ['a', 'b']) await s.write(`${name}.safetensors`, tensorFile(name));
}

const tensorFile = (name: string): Uint8Array =>
  fileOf(`{"${name}":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 'xy');
const rightIndex = { weight_map: { a: 'a.safetensors', b: 'b.safetensors' } };

export const safetensorsScenarios: readonly Scenario[] = [
  damaged('empty', 'NOT_SAFETENSORS', ''),
  damaged('seven bytes long', 'SAFETENSORS_TRUNCATED', 'abcdefg'),
  damaged('cut in its header', 'SAFETENSORS_TRUNCATED', good.subarray(0, 20)),
  damaged('cut in its data', 'SAFETENSORS_TRUNCATED', good.subarray(0, good.length - 1)),
  damaged('longer than its tensors', 'SAFETENSORS_HEADER', Buffer.concat([good, Buffer.from('z')])),
  damaged('without a header', 'SAFETENSORS_HEADER', fileOf('')),
  damaged('no JSON', 'SAFETENSORS_HEADER', fileOf('{"a"; 1}')),
  damaged('of an unknown type', 'SAFETENSORS_TENSOR', entry('"dtype":"X9","shape":[2],"data_offsets":[0,2]')),
  damaged('contradicting itself', 'SAFETENSORS_TENSOR', entry('"dtype":"U8","shape":[3],"data_offsets":[0,2]')),
  damaged('with a hole', 'SAFETENSORS_TENSOR', entry('"dtype":"U8","shape":[1],"data_offsets":[1,2]')),
  damaged(
    'of too many dimensions',
    'LIMIT_EXCEEDED',
    entry(`"dtype":"U8","shape":[${new Array(MAX_DIMENSIONS + 1).fill(1)}],"data_offsets":[0,1]`),
  ),
  damaged('an HTML page', 'NOT_SAFETENSORS', '<!doctype html><title>Sign in</title>'.padEnd(200)),
  damaged('JSON', 'NOT_SAFETENSORS', '{"a": 1}'),
  damaged('a GGUF file', 'NOT_SAFETENSORS', `GGUF${'\0'.repeat(100)}`),
  damaged('a zip of PyTorch', 'NOT_SAFETENSORS', `PK\u0003\u0004${'x'.repeat(100)}`),
  damaged('a pickle', 'NOT_SAFETENSORS', Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(100, 'x')])),
  damaged('an HDF5 file', 'NOT_SAFETENSORS', Buffer.from(`\u0089HDF\r\n${'x'.repeat(100)}`, 'latin1')),
  damaged('a NumPy array', 'NOT_SAFETENSORS', Buffer.from(`\u0093NUMPY${'x'.repeat(100)}`, 'latin1')),
  {
    title: 'a safetensors file whose header states an impossible size',
    code: 'LIMIT_EXCEEDED',
    async prepare(s) {
      const head = Buffer.alloc(8);
      head.writeBigUInt64LE(BigInt(MAX_HEADER_BYTES + 1));
      await s.write(FILE, head);
      await truncate(s.path(FILE), MAX_HEADER_BYTES + 100);
    },
    call: (s) => open(s),
    acts: [[/^download /, replaced]],
  },
  {
    title: 'a git-lfs pointer in place of a safetensors file',
    code: 'NOT_SAFETENSORS',
    async prepare(s) {
      await s.write(FILE, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
      await s.write('good', good);
      await s.tool('git', `[ "$*" = 'lfs pull' ] && cp good ${FILE} && echo pulled`);
    },
    call: (s) => open(s),
    checks: [[/git lfs pull/, (s) => open(s)]],
  },
  {
    title: 'a compressed safetensors file',
    code: 'NOT_SAFETENSORS',
    prepare: async (s) => {
      await s.write(FILE, good);
      await s.run(`gzip ${FILE} && mv ${FILE}.gz ${FILE}`);
    },
    call: (s) => open(s),
  },
  {
    title: 'a .bin model in place of a safetensors file',
    code: 'NOT_SAFETENSORS',
    prepare: (s) => s.take('model.bin', 'llama.safetensors'),
    call: (s) => open(s, 'llama.safetensors'),
  },
  {
    title: 'a folder in place of a safetensors file',
    code: 'FILE_UNREADABLE',
    prepare: async (s) => {
      await mkdir(s.path('model'));
      await s.write(`model/${FILE}`, good);
    },
    call: (s) => open(s, 'model'),
    scope: () => ({
      openSafetensorsFolder: async (path: string) => (await openSafetensorsFolder(path)).close(),
    }),
  },
  {
    title: 'a safetensors file that may not be read',
    code: 'FILE_UNREADABLE',
    needs: 'modes',
    async prepare(s) {
      await s.take('checkpoint');
      await s.run('chmod 000 checkpoint/*2-of*.safetensors');
    },
    command: 'llama export out.bin --hf checkpoint',
  },
  {
    title: 'an index that may not be read',
    code: 'FILE_UNREADABLE',
    needs: 'modes',
    async prepare(s) {
      await s.take('checkpoint');
      await s.run('chmod 000 checkpoint/*.index.json');
    },
    command: 'llama export out.bin --hf checkpoint',
  },
  {
    title: 'a folder of weights that may not be read',
    code: 'FILE_UNREADABLE',
    needs: 'modes',
    async prepare(s) {
      await s.take('checkpoint');
      await s.run('chmod 300 checkpoint');
      s.defer(() => s.run('chmod 700 checkpoint'));
    },
    command: 'llama export out.bin --hf checkpoint',
  },
  {
    title: 'a Blob that fails',
    code: 'FILE_UNREADABLE',
    async call(s) {
      const isBack = (await readdir(s.folder)).includes(FILE);
      const failing = { arrayBuffer: () => Promise.reject(new Error('connection lost')) };
      const slice = (start: number, end: number) => (isBack ? new Blob([good]).slice(start, end) : failing);
      await openSafetensors({ size: good.byteLength, slice });
    },
    acts: [[/^check the disk or the connection/, replaced]],
  },
  {
    title: 'a safetensors file that shrinks while it is read',
    code: 'FILE_SHRANK',
    prepare: replaced,
    async call(s) {
      const file = await openSafetensors(s.path(FILE));
      if (file.byteLength === good.byteLength) await truncate(s.path(FILE), good.byteLength - 1);
      await file.read('a').finally(() => file.close());
    },
    acts: [
      [
        /^wait until nothing writes/,
        (s) => writeSafetensors(s.path(FILE), [{ name: 'a', dtype: 'U8', shape: [1], data: new Uint8Array(1) }]),
      ],
    ],
  },
  {
    title: 'a safetensors file that was closed',
    code: 'FILE_UNREADABLE',
    prepare: replaced,
    async call(s) {
      const file = await openSafetensors(s.path(FILE));
      await file.close();
      await file.read('a');
    },
    scope: (s) => ({
      path: s.path(FILE),
      openSafetensors: async (path: string) => (await openSafetensors(path)).close(),
    }),
  },
  {
    title: 'a tensor larger than any memory',
    code: 'LIMIT_EXCEEDED',
    call: async () => (await openSafetensors(hugeBlob())).read('a'),
    scope: () => ({
      name: 'a',
      file: { read: async (name: string, range: object) => (await openSafetensors(hugeBlob())).read(name, range) },
    }),
  },
  {
    title: 'a folder without weights',
    code: 'FILE_UNREADABLE',
    prepare: (s) => s.write('config.json', '{}'),
    call: openFolder,
    acts: [[/^put the safetensors files/, replaced]],
  },
  {
    title: 'an index that is no JSON',
    code: 'SAFETENSORS_INDEX',
    prepare: (s) => writeShards(s, '{"weight_map":'),
    call: openFolder,
    acts: [[/^download model\.safetensors\.index\.json again/, (s) => writeShards(s, rightIndex)]],
  },
  {
    title: 'an index of too many bytes',
    code: 'LIMIT_EXCEEDED',
    async prepare(s) {
      await writeShards(s, rightIndex);
      await truncate(s.path(INDEX), MAX_HEADER_BYTES + 1);
    },
    call: openFolder,
    acts: [[/^download model\.safetensors\.index\.json again/, (s) => writeShards(s, rightIndex)]],
  },
  {
    title: 'a shard that does not exist',
    code: 'SAFETENSORS_INDEX',
    async prepare(s) {
      await writeShards(s, rightIndex);
      await rm(s.path('b.safetensors'));
    },
    call: openFolder,
    acts: [[/^download "b\.safetensors" into the folder/, (s) => s.write('b.safetensors', tensorFile('b'))]],
  },
  {
    title: 'two shards with one tensor',
    code: 'SAFETENSORS_INDEX',
    async prepare(s) {
      await writeShards(s, { weight_map: { a: 'a.safetensors', b: 'b.safetensors' } });
      await s.write('b.safetensors', tensorFile('a'));
    },
    call: openFolder,
    acts: [
      [
        /^remove the shard that is out of date/,
        async (s) => {
          await rm(s.path('b.safetensors'));
          await rename(s.path('a.safetensors'), s.path(FILE));
        },
      ],
    ],
  },
  {
    title: 'an index of other shards',
    code: 'SAFETENSORS_INDEX',
    prepare: (s) => writeShards(s, { weight_map: { a: 'b.safetensors', b: 'a.safetensors' } }),
    call: openFolder,
    acts: [[/^download the index and all shards again/, (s) => writeShards(s, rightIndex)]],
  },
  {
    title: 'more tensors in all shards than any model has',
    code: 'LIMIT_EXCEEDED',
    async prepare(s) {
      await s.write(INDEX, JSON.stringify({ weight_map: { a0: 'a.safetensors', b0: 'b.safetensors' } }));
      for (const name of ['a', 'b']) {
        const entries = Array.from(
          { length: 130_000 },
          (_, i) => `"${name}${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`,
        );
        await s.write(`${name}.safetensors`, fileOf(`{${entries}}`));
      }
    },
    call: openFolder,
    scope: (s) => ({
      path: s.path('a.safetensors'),
      openSafetensors: async (path: string) => (await openSafetensors(path)).close(),
    }),
  },
  {
    title: 'a safetensors file to be written into a folder of another user',
    code: 'FILE_UNWRITABLE',
    needs: 'modes',
    prepare: (s) => prepareWriter(s, 'safetensors', 'writeSafetensors'),
    command: 'node write.mjs',
  },
  {
    title: 'a safetensors file to be written into a folder that does not exist',
    code: 'FILE_UNWRITABLE',
    call: (s) => writeSafetensors(s.path('new folder/a.safetensors'), []),
  },
];
