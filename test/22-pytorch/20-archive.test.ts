// Archives of torch.save: what is read, and what is refused before a tensor is.

import { strict as assert } from 'node:assert';
import { openPytorch } from '@llama-ts/pytorch';
import {
  type Code,
  dict,
  type Entry,
  failureOf,
  op,
  orderedDict,
  pickle,
  tensor,
  torchEntries,
  zip,
} from './support.js';

const values = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
const code = pickle(...dict({ a: tensor() }));
const good = torchEntries(code, { 0: values });

const blobOf = (bytes: Uint8Array): Blob => new Blob([new Uint8Array(bytes)]);
const open = (bytes: Uint8Array) => openPytorch(blobOf(bytes), { name: 'model.pth' });

/** An archive with one of its entries changed, or replaced by others. */
function changed(name: string, change: (entry: Entry) => readonly Entry[]): Buffer {
  return zip(good.flatMap((entry) => (entry.name === name ? change(entry) : [entry])));
}

function patched(bytes: Buffer, offset: number, ...patch: number[]): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(patch, offset < 0 ? copy.byteLength + offset : offset);
  return copy;
}

const one = (name: string): number => zip(good).indexOf(Buffer.from(name));

describe('an archive of torch.save', () => {
  for (const bits of [32, 64, '32 and 64'] as const) {
    for (const comment of ['', 'by hand']) {
      it(`is read with sizes of ${bits} bits and ${comment === '' ? 'no comment' : 'a comment'}`, async () => {
        const file = await open(zip(good, { bits, comment }));
        const { byteOffset, ...facts } = file.tensors.get('a')!;
        assert.deepEqual(facts, { name: 'a', dtype: 'F32', shape: [2, 3], byteLength: 24 });
        assert.equal(byteOffset % 64, 0);
        assert.deepEqual(await file.read('a'), values);
        assert.deepEqual(await file.read('a', { start: 4, end: 8 }), values.subarray(4, 8));
        await file.close();
      });
    }
  }

  it('is read as a dict in what a training program saved beside it', async () => {
    const beside: Code = dict({ model: [...orderedDict, op.text('a'), ...tensor(), op.setItem], step: [op.int1(3)] });
    const file = await open(zip(torchEntries(pickle(...beside), { 0: values })));
    assert.deepEqual([...file.tensors.keys()], ['a']);
    assert.ok(typeof file.root === 'object' && file.root?.kind === 'dict');
    assert.equal(file.root.entries.get('step'), 3);
    await file.close();
  });

  it('is read with the attributes that a state dict of a module has', async () => {
    const attributes: Code = [op.emptyDict, op.text('_metadata'), ...orderedDict, op.setItem, op.build];
    const stateDict: Code = [...orderedDict, op.text('a'), ...tensor(), op.setItem, ...attributes];
    const file = await open(zip(torchEntries(pickle(...stateDict), { 0: values })));
    assert.deepEqual([...file.tensors.keys()], ['a']);
    await file.close();
  });

  it('is read where two tensors are the same bytes, or parts of a storage beside each other', async () => {
    const halves = { b: tensor({ shape: [3] }), c: tensor({ shape: [3], offset: [op.int1(3)] }) };
    const file = await open(
      zip(torchEntries(pickle(...dict({ ...halves, d: tensor({ shape: [1, 3] }) })), { 0: values })),
    );
    assert.deepEqual([...file.tensors.keys()], ['b', 'd', 'c']);
    assert.deepEqual(await file.read('d'), values.subarray(0, 12));
    assert.deepEqual(await file.read('c'), values.subarray(12));
    await file.close();
  });

  it('fails as it is read when a storage has another CRC, whichever parts it is read in', async () => {
    for (const step of [24, 8, 5]) {
      const file = await open(changed('model/data/0', (entry) => [{ ...entry, crc: 1 }]));
      const read = async (): Promise<void> => {
        for (let start = 0; start < 24; start += step) await file.read('a', { start, end: Math.min(start + step, 24) });
      };
      const error = await failureOf(read);
      assert.equal(error.code, 'PYTORCH_ARCHIVE');
      assert.match(error.message, /entry "model\/data\/0" has CRC [\da-f]{8}, expected 00000001: the file is damaged/);
      await file.close();
    }
  });

  it('cannot be read once it is closed, nor beyond a tensor', async () => {
    const file = await open(zip(good));
    assert.equal((await failureOf(() => file.read('b'))).code, 'TENSOR_NOT_FOUND');
    assert.equal((await failureOf(() => file.read('a', { end: 25 }))).code, 'INVALID_ARGUMENT');
    assert.equal((await failureOf(() => file.read('a', { into: new Uint8Array(3) }))).code, 'INVALID_ARGUMENT');
    assert.equal((await failureOf(() => file.readBytes(1e9, new Uint8Array(1)))).code, 'INVALID_ARGUMENT');
    await file.close();
    await file.close();
    assert.equal((await failureOf(() => file.read('a'))).code, 'FILE_UNREADABLE');
  });
});

const whole = zip(good, { bits: 32 });
const whole64 = zip(good);
const refused: readonly (readonly [title: string, bytes: Uint8Array, code: string, message: RegExp])[] = [
  ['is empty', Buffer.alloc(0), 'NOT_PYTORCH', /is empty/],
  ['is a pickle without an archive', pickle(op.none), 'NOT_PYTORCH', /PyTorch before 1\.6/],
  ['is a GGUF file', Buffer.from('GGUF\x03\0\0\0'), 'NOT_PYTORCH', /is a GGUF file/],
  ['is something unknown', Buffer.from('hello, world'), 'NOT_PYTORCH', /is no archive of PyTorch/],
  ['is another zip archive', zip([{ name: 'a.txt', data: values }]), 'NOT_PYTORCH', /0 files data\.pkl/],
  ['holds two pickles', zip([...good, { name: 'other/data.pkl', data: code }]), 'NOT_PYTORCH', /2 files data\.pkl/],
  [
    'is a program of TorchScript',
    zip([...good, { name: 'model/code/a.py', data: code }]),
    'NOT_PYTORCH',
    /TorchScript/,
  ],
  ['is cut off', whole.subarray(0, -30), 'PYTORCH_ARCHIVE', /no record ends the zip archive/],
  ['is cut off in its end record', whole.subarray(0, -1), 'PYTORCH_ARCHIVE', /no record ends/],
  ['has bytes after its end', Buffer.concat([whole, Buffer.from('x')]), 'PYTORCH_ARCHIVE', /no record ends/],
  ['is one of several disks', patched(whole, -18, 1), 'PYTORCH_ARCHIVE', /several disks/],
  ['lists more entries than it has', patched(whole, -12, 9), 'PYTORCH_ARCHIVE', /no entry 4 of 9/],
  ['lists fewer entries than it has', patched(whole, -12, 3), 'PYTORCH_ARCHIVE', /expected the \d+ of its 3 entries/],
  ['has a directory that is elsewhere', patched(whole, -6, 0), 'PYTORCH_ARCHIVE', /expected its end at/],
  [
    'has a directory of 64 bits that is elsewhere',
    patched(whole64, -50, 0),
    'PYTORCH_ARCHIVE',
    /records of 32 and of 64 bits differ/,
  ],
  ['lacks the record that it says it has', patched(whole64, -98, 0), 'PYTORCH_ARCHIVE', /no zip64 record at byte/],
  ['has that record after its end', patched(whole64, -34, 255, 255, 255), 'PYTORCH_ARCHIVE', /zip64 record at byte/],
  ['says zip64 without its records', patched(whole, -6, 255, 255, 255, 255), 'PYTORCH_ARCHIVE', /no zip64/],
  [
    'has a compressed entry',
    changed('model/data/0', (entry) => [{ ...entry, method: 8 }]),
    'PYTORCH_ARCHIVE',
    /compressed by method 8/,
  ],
  [
    'has an encrypted entry',
    changed('model/data/0', (entry) => [{ ...entry, flags: 1 }]),
    'PYTORCH_ARCHIVE',
    /is encrypted/,
  ],
  [
    'has an entry twice',
    changed('model/data/0', (entry) => [entry, entry]),
    'PYTORCH_ARCHIVE',
    /two entries "model\/data\/0"/,
  ],
  [
    'has an entry under two names',
    changed('model/data/0', (entry) => [{ ...entry, localName: 'model/data/1' }]),
    'PYTORCH_ARCHIVE',
    /another name in its own header/,
  ],
  [
    'has an entry without a name',
    changed('model/version', (entry) => [{ ...entry, name: '' }]),
    'PYTORCH_ARCHIVE',
    /name of 0 bytes/,
  ],
  ['has an entry that overlaps the one before', overlapping(), 'PYTORCH_ARCHIVE', /overlap at byte/],
  [
    'has an entry without its own header',
    patched(whole, one('model/data/0') - 30, 0),
    'PYTORCH_ARCHIVE',
    /no header of entry/,
  ],
  [
    'has a pickle with another CRC',
    changed('model/data.pkl', (entry) => [{ ...entry, crc: 1 }]),
    'PYTORCH_ARCHIVE',
    /data\.pkl has another CRC/,
  ],
  [
    'is of a big-endian machine',
    changed('model/byteorder', (entry) => [{ ...entry, data: Buffer.from('big') }]),
    'PYTORCH_ARCHIVE',
    /byte order "big"/,
  ],
  ['lacks a storage', changed('model/data/0', () => []), 'PYTORCH_TENSOR', /storage 0, which is not there/],
  [
    'has a storage of another length',
    changed('model/data/0', (entry) => [{ ...entry, data: values.subarray(4) }]),
    'PYTORCH_TENSOR',
    /has 20 bytes, expected 6 elements of 4/,
  ],
  ['holds a list', withPickle(op.emptyList), 'PYTORCH_PICKLE', /holds a list, expected a dict/],
  ['holds a dict without tensors', withPickle(...dict({ a: [op.none] })), 'PYTORCH_PICKLE', /no dict of tensors/],
  [
    'holds a number among its tensors',
    withPickle(...dict({ a: tensor(), b: [op.int1(1)] })),
    'PYTORCH_PICKLE',
    /"b" is a number/,
  ],
  [
    'holds a tensor by a number',
    withPickle(op.emptyDict, op.int1(1), ...tensor(), op.setItem),
    'PYTORCH_PICKLE',
    /1 for a tensor's name/,
  ],
  [
    'holds tensors that share a part of their bytes',
    withPickle(...dict({ a: tensor({ shape: [4] }), b: tensor({ shape: [3], offset: [op.int1(2)] }) })),
    'PYTORCH_TENSOR',
    /"a" and "b" share a part/,
  ],
  [
    'holds a storage as two types',
    withPickle(...dict({ a: tensor(), b: tensor({ type: 'IntStorage' }) })),
    'PYTORCH_PICKLE',
    /sees storage 0 as another type/,
  ],
];

function withPickle(...opcodes: Code): Buffer {
  return zip(torchEntries(pickle(...opcodes), { 0: values }));
}

/** The second entry's data, inside of which an entry's header is, is an entry of its own. */
function overlapping(): Buffer {
  const inner = zip([{ name: 'x', data: values }]).subarray(0, 200);
  const bytes = zip([...good, { name: 'outer', data: inner }, { name: 'x', data: values }]);
  const at = bytes.indexOf(inner);
  const listed = bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
  bytes.writeUInt32LE(at, listed + 42);
  return bytes;
}

describe('a file in the place of one of torch.save', () => {
  for (const [title, bytes, expected, message] of refused) {
    it(`is refused when it ${title}`, async () => {
      const error = await failureOf(() => open(bytes));
      assert.match(error.message, message);
      assert.equal(error.code, expected);
      assert.ok(error.suggestions.length > 0);
    });
  }
});
