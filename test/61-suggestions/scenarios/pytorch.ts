// Damaged files of torch.save, and others in their place.

import { openPytorch } from '@llama-ts/pytorch';
import { type Code, dict, op, pickle, tensor, torchEntries, zip } from '../../22-pytorch/support.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const FILE = 'model.pth';
const storages = { 0: new Uint8Array(24) };
const fileOf = (...code: Code): Uint8Array => zip(torchEntries(pickle(...code), storages));
const good = fileOf(...dict({ a: tensor() }));

const open = async (s: Situation): Promise<void> => (await openPytorch(s.path(FILE))).close();

/** A file with these bytes, in whose place the right one is put. */
function damaged(title: string, code: string, bytes: Uint8Array | string): Scenario {
  return {
    title: `a file of PyTorch that is ${title}`,
    code,
    prepare: (s) => s.write(FILE, bytes),
    call: open,
    acts: [[/^(?:download|save) /, (s) => s.write(FILE, good)]],
  };
}

export const pytorchScenarios: readonly Scenario[] = [
  damaged('empty', 'NOT_PYTORCH', ''),
  damaged('a pickle alone', 'NOT_PYTORCH', pickle(op.none)),
  damaged('cut off', 'PYTORCH_ARCHIVE', good.subarray(0, -1)),
  damaged('a program', 'PYTORCH_PICKLE', fileOf(op.global('os', 'system'))),
  damaged('transposed', 'PYTORCH_TENSOR', fileOf(...dict({ a: tensor({ strides: [1, 2] }) }))),
  damaged('nested without end', 'LIMIT_EXCEEDED', fileOf(...Array.from({ length: 100 }, () => op.mark))),
  {
    title: 'a file of PyTorch that is closed',
    code: 'FILE_UNREADABLE',
    prepare: (s) => s.write(FILE, good),
    async call(s) {
      const file = await openPytorch(s.path(FILE));
      await file.close();
      await file.read('a');
    },
    scope: (s) => ({ openPytorch: () => open(s), path: s.path(FILE) }),
    checks: [[/^open it again/, () => undefined]],
  },
];
