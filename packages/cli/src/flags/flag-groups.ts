// How the help screen of run, chat and serve groups their flags.

import { nameValues } from './flag-values.js';

interface Group {
  readonly heading: string;
  /** Names of flags. */
  readonly flags: readonly string[];
}

/** Flags that are in no group come first, under FLAGS. */
const groups: readonly Group[] = [
  {
    heading: 'MODEL',
    flags: [
      ...['tokenizer', 'chat-template', 'template-name', 'context', 'cache-type', 'threads', 'backend', 'mmap'],
      ...['rope-theta', 'rope-scaling', 'yes'],
    ],
  },
  {
    heading: 'SAMPLING',
    flags: [
      ...['temperature', 'top-p', 'top-k', 'min-p', 'typical-p', 'repeat-penalty', 'presence-penalty'],
      ...['frequency-penalty', 'repeat-last-n', 'logit-bias', 'seed', 'reference-sampler', 'lookup'],
    ],
  },
  {
    heading: 'ANSWER',
    flags: [
      ...['max-tokens', 'min-tokens', 'stop', 'stop-id', 'json-schema', 'json-mode', 'regex', 'logprobs', 'answers'],
      'digest',
    ],
  },
  { heading: 'FILE OF PROMPTS', flags: ['input', 'output', 'parallel', 'cache-bytes', 'no-resume', 'force'] },
];

/** The same flags with what the help screen shows of them. */
export function groupFlags<T extends Record<string, object>>(flags: T): T {
  const grouped = Object.entries(nameValues(flags)).map(([name, flag]) => {
    const group = groups.find(({ flags: names }) => names.includes(name));
    return [name, group === undefined ? flag : { ...flag, helpGroup: group.heading }];
  });
  return Object.fromEntries(grouped) as T;
}
