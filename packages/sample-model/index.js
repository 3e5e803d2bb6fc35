// Says where the bundled model lies: a folder in Hugging Face layout.
import { fileURLToPath } from 'node:url';

/** Name of the bundled model, as the command line shows it. */
export const sampleModelName = 'sample-model';

/** Absolute path of the bundled model's folder (config.json, tokenizer.json, three safetensors shards). */
export const sampleModelPath = fileURLToPath(new URL('./model', import.meta.url));
