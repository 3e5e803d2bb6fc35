import assert from 'node:assert/strict';
import { jsonSchema } from '@llama-ts/runtime';
import { schemas } from './schemas.js';
import { byteVocabulary, chooser, sayByChance, validator } from './support.js';

describe('a JSON schema', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    it(`allows only answers that validate: ${name}`, () => {
      const constraint = jsonSchema(schema);
      const isValid = validator(schema);
      for (let seed = 1; seed <= 30; seed++) {
        const { text, isComplete } = sayByChance(constraint, byteVocabulary, chooser(seed * 7919));
        assert(isComplete);
        const value = JSON.parse(text);
        assert(isValid(value), text);
      }
    });
  }
});
