// Fuzz target: files of torch.save, which are archives around a pickle.

import { strict as assert } from 'node:assert';
import { openPytorch } from '@llama-ts/pytorch';
import { dict, op, torchFile } from '../../22-pytorch/support.js';
import type { FuzzTarget } from './run-cases.js';

const tensors = [
  { name: 'norm.weight', type: 'FloatStorage', shape: [4], data: new Uint8Array(16).fill(1) },
  { name: 'output.weight', type: 'BFloat16Storage', shape: [2, 3], data: new Uint8Array(12).fill(2) },
] as const;

export const pytorchTarget: FuzzTarget = {
  name: 'a file of torch.save',
  samples: [
    torchFile(tensors),
    torchFile(tensors, undefined, { bits: 64 }),
    torchFile(tensors, undefined, { bits: 32 }),
    torchFile(tensors, (stateDict) => dict({ model: stateDict, iter_num: [op.int1(3)] })),
  ].map((bytes) => new Uint8Array(bytes)),
  tokens: [
    'PK\u0003\u0004',
    'PK\u0001\u0002',
    'PK\u0005\u0006',
    'model/data/0',
    'cos\nsystem\n',
    'little',
    'R',
    't',
    'u',
  ],
  async read(bytes) {
    const file = await openPytorch(new Blob([new Uint8Array(bytes)]), { name: 'model.pth' });
    try {
      for (const { name, shape, byteOffset, byteLength } of file.tensors.values()) {
        assert.ok(byteOffset + byteLength <= bytes.byteLength);
        const values = await file.read(name);
        assert.deepEqual(values, bytes.subarray(byteOffset, byteOffset + byteLength));
        assert.equal(byteLength % shape.reduce((product, n) => product * n, 1), 0);
      }
    } finally {
      await file.close();
    }
  },
};
