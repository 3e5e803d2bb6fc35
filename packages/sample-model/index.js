// Says where the bundled model lies, a folder in Hugging Face layout, and the text to evaluate it on.
import { fileURLToPath } from 'node:url';

/** Name of the bundled model, as the command line shows it. */
export const sampleModelName = 'sample-model';

/** Absolute path of the bundled model's folder (config.json, tokenizer.json, three safetensors shards). */
export const sampleModelPath = fileURLToPath(new URL('./model', import.meta.url));

/** Absolute path of a text of the model's kind that it was not trained on: stories, 2,152 tokens. */
export const sampleTextPath = fileURLToPath(new URL('./heldout.txt', import.meta.url));
