// The index of a sharded model, and a folder seen as one file.

import { strict as assert } from 'node:assert';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openSafetensors, openSafetensorsFolder, parseIndex } from '@llama-ts/safetensors';
import { failureOf, fileOf, withFolder } from './support.js';

const parse = (text: string) => parseIndex(Buffer.from(text), 'index.json');
const mapTo = (shard: string) => `{"weight_map":{"x":${JSON.stringify(shard)}}}`;
const tensorFile = (...names: string[]) =>
  fileOf(
    `{${names.map((name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`).join()}}`,
    names.join(''),
  );

describe('the reader of a safetensors index', () => {
  it('reads weight_map, the shards in the order they are named, and total_size, and skips other fields', () => {
    const text =
      '{"extra":[1],"metadata":{"format":"pt","total_size":12},"weight_map":{"b":"2.safetensors","a":"1.safetensors","c":"2.safetensors"}}';
    assert.deepEqual(parse(text), {
      weightMap: new Map([
        ['b', '2.safetensors'],
        ['a', '1.safetensors'],
        ['c', '2.safetensors'],
      ]),
      shards: ['2.safetensors', '1.safetensors'],
      totalSize: 12,
    });
  });

  it('treats a total_size that is no number of bytes as absent', () => {
    for (const [value, expected] of [
      ['12.0', 12],
      ['"12"', null],
      ['-1', null],
      ['1.5', null],
      ['{}', null],
    ] as const) {
      assert.equal(parse(`{"metadata":{"total_size":${value}},"weight_map":{"x":"f"}}`).totalSize, expected, value);
    }
    assert.equal(parse('{"metadata":null,"weight_map":{"x":"f"}}').totalSize, null);
  });

  const refused: [string, string, RegExp][] = [
    ['no weight_map', '{}', /without weight_map/],
    ['an empty weight_map', '{"weight_map":{}}', /empty weight_map/],
    ['a weight_map that is a list', '{"weight_map":[]}', /weight_map, an object/],
    ['a shard that is a number', '{"weight_map":{"x":1}}', /the shard of "x", a string/],
    ['an absolute path', mapTo('/etc/passwd'), /is absolute/],
    ['a path that climbs', mapTo('../model.safetensors'), /"\.\." part/],
    ['a path that climbs later', mapTo('a/../../model.safetensors'), /"\.\." part/],
    ['an empty path', mapTo(''), /an empty/],
    ['a path with a backslash', mapTo('..\\model.safetensors'), /backslash/],
    ['a drive', mapTo('C:model.safetensors'), /colon/],
    ['a URL', mapTo('https://example.com/model.safetensors'), /colon/],
    ['a path with NUL', mapTo('model\0.safetensors'), /control character/],
    ['a tensor twice', '{"weight_map":{"x":"a","x":"b"}}', /"x" of weight_map a second time/],
    ['weight_map twice', '{"weight_map":{"x":"a"},"weight_map":{"x":"a"}}', /"weight_map" of the index a second/],
    ['text after the end', `${mapTo('a')}]`, /expected the end/],
    ['an empty file', '', /text ends at byte 0/],
    ['HTML', '<html>', /found '<' at byte 0/],
  ];
  for (const [what, text, message] of refused) {
    it(`refuses ${what}`, async () => {
      const error = await failureOf(() => parse(text));
      assert.equal(error.code, 'SAFETENSORS_INDEX');
      assert.match(error.message, message);
      assert.ok(error.suggestions.length > 0);
    });
  }

  it('accepts 10,000 shards and refuses more', async () => {
    const indexOf = (count: number) =>
      `{"weight_map":{${Array.from({ length: count }, (_, i) => `"t${i}":"s${i}"`).join()}}}`;
    assert.equal(parse(indexOf(10_000)).shards.length, 10_000);
    assert.equal((await failureOf(() => parse(indexOf(10_001)))).code, 'LIMIT_EXCEEDED');
  });
});

/** Lays a folder out and opens it. */
async function openedFolder(files: Record<string, string | Uint8Array>, use: (path: string) => Promise<void>) {
  await withFolder(async (path) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), content);
    }
    await use(path);
  });
}

const INDEX = 'model.safetensors.index.json';
const SHARDS = { 'a.safetensors': tensorFile('x', 'y'), 'sub/b.safetensors': tensorFile('z') };
const indexText = (totalSize: number, map: Record<string, string>) =>
  JSON.stringify({ metadata: { total_size: totalSize }, weight_map: map });
const MAP = { x: 'a.safetensors', y: 'a.safetensors', z: 'sub/b.safetensors' };

describe('the reader of a safetensors folder', () => {
  it('reads tensors from several shards, without a warning when index and shards agree', () =>
    openedFolder({ ...SHARDS, [INDEX]: indexText(3, MAP) }, async (path) => {
      const folder = await openSafetensorsFolder(path);
      assert.deepEqual(folder.warnings, []);
      assert.deepEqual([...folder.tensors.keys()], ['x', 'y', 'z']);
      assert.equal(folder.tensors.get('z')?.shard, 'sub/b.safetensors');
      for (const name of folder.tensors.keys()) assert.equal(Buffer.from(await folder.read(name)).toString(), name);
      assert.equal((await failureOf(() => folder.read('w'))).code, 'TENSOR_NOT_FOUND');
      await folder.close();
      assert.equal((await failureOf(() => folder.read('x'))).code, 'FILE_UNREADABLE');
    }));

  it('reads a lone model.safetensors, and prefers it to an index with a warning', () =>
    openedFolder({ 'model.safetensors': tensorFile('x') }, async (path) => {
      const alone = await openSafetensorsFolder(path);
      assert.deepEqual([alone.tensors.get('x')?.shard, alone.warnings], ['model.safetensors', []]);
      await alone.close();
      await writeFile(join(path, INDEX), 'not even JSON');
      const both = await openSafetensorsFolder(path);
      assert.match(both.warnings.join(), /the index is ignored/);
      await both.close();
    }));

  it('follows symbolic links, which the hub cache consists of', () =>
    openedFolder({ 'blobs/0a1b': tensorFile('x') }, async (path) => {
      await mkdir(join(path, 'snapshot'));
      await symlink('../blobs/0a1b', join(path, 'snapshot', 'model.safetensors'));
      const folder = await openSafetensorsFolder(join(path, 'snapshot'));
      assert.equal(folder.tensors.size, 1);
      await folder.close();
    }));

  it('warns of a wrong total_size and of tensors that the index omits, and reads these tensors', () =>
    openedFolder({ ...SHARDS, [INDEX]: indexText(99, { x: MAP.x, z: MAP.z }) }, async (path) => {
      const folder = await openSafetensorsFolder(path);
      assert.match(folder.warnings.join('\n'), /omits "y"; kept[\s\S]*total_size is 99, but the tensors take 3 bytes/);
      assert.equal(Buffer.from(await folder.read('y')).toString(), 'y');
      await folder.close();
    }));

  const refused: [string, Record<string, string | Uint8Array>, string, RegExp][] = [
    [
      'a missing shard',
      { 'a.safetensors': SHARDS['a.safetensors'], [INDEX]: indexText(3, MAP) },
      'SAFETENSORS_INDEX',
      /shard "sub\/b\.safetensors": ENOENT/,
    ],
    [
      'a tensor in no shard',
      { ...SHARDS, [INDEX]: indexText(3, { ...MAP, w: MAP.x }) },
      'SAFETENSORS_INDEX',
      /"w": it is in no shard, expected in "a/,
    ],
    [
      'a tensor in another shard',
      { ...SHARDS, [INDEX]: indexText(3, { ...MAP, z: MAP.x, y: MAP.z }) },
      'SAFETENSORS_INDEX',
      /"y": it is in "a\.safetensors"/,
    ],
    [
      'a tensor in two shards',
      {
        'a.safetensors': tensorFile('x'),
        'b.safetensors': tensorFile('y', 'x'),
        [INDEX]: indexText(2, { x: 'a.safetensors', y: 'b.safetensors' }),
      },
      'SAFETENSORS_INDEX',
      /"x" is in "a\.safetensors" and in "b\.safetensors"/,
    ],
    [
      'a shard that is damaged',
      { ...SHARDS, 'a.safetensors': 'GGUFxxxxxxxx', [INDEX]: indexText(3, MAP) },
      'NOT_SAFETENSORS',
      /a\.safetensors: found a GGUF/,
    ],
    [
      'a folder without a model',
      { 'pytorch_model.bin': 'x' },
      'FILE_UNREADABLE',
      /found "pytorch_model\.bin", expected model\.safetensors or/,
    ],
    ['an empty folder', {}, 'FILE_UNREADABLE', /found nothing/],
  ];
  for (const [what, files, code, message] of refused) {
    it(`refuses ${what}`, () =>
      openedFolder(files, async (path) => {
        const error = await failureOf(() => openSafetensorsFolder(path));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(error.suggestions.length > 0);
      }));
  }

  it('refuses a path that is not a folder', async () => {
    assert.equal((await failureOf(() => openSafetensorsFolder('no/such/folder'))).code, 'FILE_UNREADABLE');
  });

  it('rethrows the reason of an aborted signal', async () => {
    const reason = new Error('enough');
    await assert.rejects(
      openSafetensorsFolder('.', { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
  });

  it('reads what transformers wrote: the golden models, sharded and single', async () => {
    const golden = new URL('../fixtures/golden/', import.meta.url).pathname;
    const sharded = await openSafetensorsFolder(join(golden, 'tied-gqa-bf16'));
    assert.deepEqual([sharded.files.size, sharded.tensors.size, sharded.warnings], [7, 29, []]);
    const embedding = sharded.tensors.get('model.embed_tokens.weight')!;
    assert.deepEqual([embedding.dtype, embedding.shape], ['BF16', [512, 64]]);
    const raw = await readFile(join(golden, 'tied-gqa-bf16', embedding.shard));
    const { byteOffset, byteLength, name } = embedding;
    assert.equal(Buffer.compare(await sharded.read(name), raw.subarray(byteOffset, byteOffset + byteLength)), 0);
    await sharded.close();
    const single = await openSafetensors(join(golden, 'untied-mha-f32', 'model.safetensors'));
    assert.deepEqual(single.metadata, new Map([['format', 'pt']]));
    assert.deepEqual(single.tensors.get('lm_head.weight')?.shape, [300, 128]);
    await single.close();
  });
});
