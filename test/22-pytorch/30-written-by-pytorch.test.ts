// Pickles that PyTorch wrote: of Meta's files, of one of two shards, and of llama2.c's training checkpoint.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDict, type PickleDict, type PickleValue, unpickle } from '@llama-ts/pytorch';

const read = async (name: string): Promise<PickleDict> => {
  const root = unpickle(new Uint8Array(await readFile(join(import.meta.dirname, 'fixtures', name))), name);
  assert.ok(isDict(root));
  return root;
};

/** Type and shape, for a tensor. */
const facts = (value: PickleValue | undefined): unknown => {
  assert.ok(typeof value === 'object' && value?.kind === 'tensor');
  return [value.storage.dtype, ...value.shape];
};

describe('a pickle that PyTorch wrote', () => {
  it("gives the tensors of Meta's file, in the order that they were saved in", async () => {
    const { entries } = await read('meta.pkl');
    assert.equal(entries.size, 12);
    assert.deepEqual([...entries.keys()].slice(0, 4), [
      'tok_embeddings.weight',
      'norm.weight',
      'output.weight',
      'layers.0.attention.wq.weight',
    ]);
    assert.deepEqual(facts(entries.get('tok_embeddings.weight')), ['BF16', 2048, 256]);
    assert.deepEqual(facts(entries.get('layers.0.feed_forward.w2.weight')), ['BF16', 256, 768]);
    assert.deepEqual(facts(entries.get('norm.weight')), ['BF16', 256]);
  });

  it('gives the tensors of one of two shards', async () => {
    const { entries } = await read('meta-shard.pkl');
    assert.deepEqual(facts(entries.get('tok_embeddings.weight')), ['BF16', 1024, 256]);
    assert.deepEqual(facts(entries.get('layers.0.attention.wo.weight')), ['BF16', 256, 128]);
  });

  it("gives the settings, the weights and what else llama2.c's training checkpoint holds", async () => {
    const { entries } = await read('llama2c.pkl');
    const [args, model] = [entries.get('model_args'), entries.get('model')];
    assert.ok(isDict(args) && isDict(model));
    assert.deepEqual(
      ['dim', 'n_layers', 'n_heads', 'norm_eps', 'dropout'].map((name) => args.entries.get(name)),
      [256, 1, 8, 1e-5, 0],
    );
    assert.deepEqual(facts(model.entries.get('_orig_mod.layers.0.attention.wk.weight')), ['F32', 64, 256]);
    assert.deepEqual(facts(entries.get('best_val_loss')), ['F32']);
    assert.equal(entries.get('iter_num'), 1);
  });
});
