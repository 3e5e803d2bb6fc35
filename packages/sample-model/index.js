// Paths of the bundled model, a folder in Hugging Face layout, and of the text to evaluate it on.
import { fileURLToPath } from 'node:url';

/** Name of the bundled model, as the command line shows it. */
export const sampleModelName = 'sample-model';

/** Absolute path of the bundled model's folder (config.json, tokenizer.json, three safetensors shards). */
export const sampleModelPath = fileURLToPath(new URL('./model', import.meta.url));

/** A story that the bundled model continues well: how it begins, and a seed that gives one without a mistake. */
export const sampleStory = { prompt: 'Once upon a time', seed: 11n };

/** Absolute path of a text of the model's kind that it was not trained on: stories, 2,152 tokens. */
export const sampleTextPath = fileURLToPath(new URL('./heldout.txt', import.meta.url));
