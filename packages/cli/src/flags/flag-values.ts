// What help calls the values of flags.

const FILE = 'FILE';
const N = 'N';
const X = 'X';

/** How the help screen writes the value of each flag. */
export const flagValues: Readonly<Record<string, string>> = {
  ...each(
    [N],
    ['context', 'threads', 'top-k', 'repeat-last-n', 'seed', 'max-tokens', 'min-tokens', 'steps', 'logprobs'],
  ),
  ...each([N], ['answers', 'parallel', 'group-size', 'context-length', 'worst', 'window', 'stride']),
  ...each([N], ['n-prompt', 'n-gen', 'n-depth', 'repetitions']),
  ...each([X], ['rope-theta', 'rope-factor', 'temperature', 'repeat-penalty', 'presence-penalty', 'frequency-penalty']),
  ...each([X], ['max-error', 'max-rmse', 'min-snr', 'min-cosine', 'max-beyond']),
  ...each([X], ['max-ppl', 'max-ppl-ratio', 'max-kl', 'max-kl-p999', 'min-agreement']),
  ...each(['P'], ['top-p', 'min-p', 'typical-p']),
  ...each([FILE], ['tokenizer', 'chat-template', 'json-schema', 'input', 'output', 'session', 'transcript']),
  ...each([FILE], ['tokenizer-bin', 'thresholds', 'junit', 'html', 'text', 'baseline', 'verify', 'eval', 'report']),
  ...each(['TEXT'], ['prompt', 'stop', 'system', 'title']),
  ...each(['NAME'], ['template-name']),
  ...each(['SOURCE'], ['hf', 'against']),
  ...each(['TYPE'], ['type', 'cache-type']),
  'logit-bias': 'BIAS',
  'stop-id': 'ID',
  regex: 'PATTERN',
  file: 'PATTERN',
  revision: 'REVISION',
  token: 'TOKEN',
  calibrate: FILE,
  'shard-size': 'SIZE',
  'target-size': 'SIZE',
  'cache-bytes': 'SIZE',
  types: 'PATTERN=q8|q4',
  lora: 'ADAPTER[=SCALE]',
  to: 'FORMAT',
  version: 'VERSION',
  backend: 'KERNELS',
  'rope-scaling': 'SCALING',
  mode: 'MODE',
  pooling: 'POOLING',
};

function each([value]: readonly [string], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

interface Named {
  readonly helpValue?: string | string[] | undefined;
  readonly options?: unknown;
}

/** The same flags, with names for their values. A flag that lists its values shows those. */
export function nameValues<T extends Record<string, object>>(flags: T): T {
  const named = Object.entries(flags).map(([name, flag]) => {
    const { helpValue, options } = flag as Named;
    const value = helpValue ?? (options === undefined ? flagValues[name] : undefined);
    return [name, value === undefined ? flag : { ...flag, helpValue: value }];
  });
  return Object.fromEntries(named) as T;
}
