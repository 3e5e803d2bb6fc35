/** Name of the bundled model, as the command line shows it. */
export declare const sampleModelName: string;

/** Absolute path of the bundled model's folder (config.json, tokenizer.json, three safetensors shards). */
export declare const sampleModelPath: string;

/**
 * A story that the bundled model continues well: how it begins, and a seed that gives one without a mistake at the
 * model's own temperature.
 */
export declare const sampleStory: { readonly prompt: string; readonly seed: bigint };

/** Absolute path of a text of the model's kind that it was not trained on: stories, 2,152 tokens. */
export declare const sampleTextPath: string;
