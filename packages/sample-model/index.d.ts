/** Name of the bundled model, as the command line shows it. */
export declare const sampleModelName: string;

/** Absolute path of the bundled model's folder (config.json, tokenizer.json, three safetensors shards). */
export declare const sampleModelPath: string;

/** Absolute path of a text of the model's kind that it was not trained on: stories, 2,152 tokens. */
export declare const sampleTextPath: string;
