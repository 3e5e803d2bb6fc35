// Which sources follow the convention already.

const done: readonly RegExp[] = [
  /^packages\/(?:format|safetensors|gguf|evaluate)\//,
  /^packages\/exporter\/src\/(?:convert\/(?!durable)|plan|files|weights)/,
  /^packages\/exporter\/src\/(?:quantize-model|export-model)\.ts/,
];

/** Whether every suggestion of a file has a scenario. */
export function isDone(file: string): boolean {
  return done.some((pattern) => pattern.test(file));
}
