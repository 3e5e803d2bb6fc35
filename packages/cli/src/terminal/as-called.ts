// Commands as they can be typed where npx started this one: in a clone, `llama` is on no PATH.

const { npm_command: command, npm_lifecycle_script: script = '' } = process.env;
const isByNpx = command === 'exec' && /^["']?llama["']?$/.test(script);
/** The program where a command begins: at the start, or after a colon, `&&` or a pipe. */
const CALL = /(?<=^|: |&& |\| )llama(?= |$)/g;

/** A suggestion with `npx llama` in the place of `llama`, where that was typed. */
export function asCalled(suggestion: string): string {
  return isByNpx ? suggestion.replace(CALL, 'npx llama') : suggestion;
}
