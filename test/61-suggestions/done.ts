// Which sources follow the convention already.

const done: readonly RegExp[] = [/^packages\/(?:format|safetensors|gguf)\//];

/** Whether every suggestion of a file has a scenario. */
export function isDone(file: string): boolean {
  return done.some((pattern) => pattern.test(file));
}
