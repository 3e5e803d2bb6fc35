// Public names of @llama-ts/evaluate.
export {};
