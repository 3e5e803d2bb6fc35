// What a token mask costs on the 128,256 tokens of Llama 3: found for the first time, and found again.
//
// npx tsx bench/constraint-mask.ts

import { type Constraint, jsonMode, jsonSchema, regex } from '@llama-ts/runtime';
import { llamaTokenizer } from '../test/helpers/tokenizers.js';

const person = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 64 }, age: { type: 'integer', minimum: 0, maximum: 150 } },
  required: ['name', 'age'],
};
/** A constraint, and the text after which its mask is computed. */
const cases: readonly (readonly [name: string, make: () => Constraint, text: string])[] = [
  ['JSON: before a value', jsonMode, '{"a": '],
  ['JSON: within a string', jsonMode, '{"a": "some text'],
  ['JSON: within a key', jsonMode, '{"a": 1, "some key'],
  ['JSON: within a number', jsonMode, '{"a": 12'],
  ['schema: a property’s name', () => jsonSchema(person), '{"'],
  ['schema: a string of 64 at most', () => jsonSchema(person), '{"name": "Ada Lovelace'],
  ['schema: a string with a pattern', () => jsonSchema({ pattern: '^[a-zé ]+$' }), '"some text'],
  ['pattern', () => regex('[A-Z][a-z]+( [A-Z][a-z]+)*'), 'Ada Love'],
];
const RUNS = 15;
/** Until the engine has compiled what runs often, a mask takes some ten times as long. */
const WARM_UP = 10;

const tokenizer = llamaTokenizer();
const logits = new Float32Array(tokenizer.nTokens);
const start = performance.now();
jsonMode().begin(tokenizer);
console.log(`tree of the vocabulary: ${(performance.now() - start).toFixed(0)} ms, once`);
for (const [name, make, text] of cases) {
  const ids = tokenizer.encode(text);
  const first: number[] = [];
  const again: number[] = [];
  for (let run = 0; run < RUNS + WARM_UP; run++) {
    const constrained = make().begin(tokenizer);
    for (const id of ids) constrained.push(id);
    for (const times of [first, again]) {
      const before = performance.now();
      constrained.restrict(logits, []);
      if (run >= WARM_UP) times.push(performance.now() - before);
    }
  }
  console.log(`${name.padEnd(32)} first ${median(first)} ms, again ${median(again)} ms`);
}

function median(values: readonly number[]): string {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!.toFixed(2);
}
