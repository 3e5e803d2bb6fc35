// How the help screen of run and chat groups their flags, and what it calls their values.

interface Group {
  readonly heading: string;
  /** Names of flags, and of their values; null for a flag without one, or with options of its own. */
  readonly flags: Readonly<Record<string, string | null>>;
}

/** What is in none stands first, under FLAGS. */
const groups: readonly Group[] = [
  {
    heading: 'MODEL',
    flags: {
      tokenizer: 'FILE',
      'chat-template': 'FILE',
      context: 'N',
      'cache-type': null,
      threads: 'N',
      backend: null,
      mmap: null,
      'rope-theta': 'X',
      'rope-scaling': null,
    },
  },
  {
    heading: 'SAMPLING',
    flags: {
      temperature: 'X',
      'top-p': 'P',
      'top-k': 'N',
      'min-p': 'P',
      'typical-p': 'P',
      'repeat-penalty': 'X',
      'presence-penalty': 'X',
      'frequency-penalty': 'X',
      'repeat-last-n': 'N',
      'logit-bias': 'BIAS',
      seed: 'N',
      'reference-sampler': null,
      lookup: null,
    },
  },
  {
    heading: 'ANSWER',
    flags: {
      'max-tokens': 'N',
      'min-tokens': 'N',
      stop: 'TEXT',
      'stop-id': 'ID',
      'json-schema': 'FILE',
      'json-mode': null,
      regex: 'PATTERN',
      logprobs: 'N',
      answers: 'N',
    },
  },
  {
    heading: 'FILE OF PROMPTS',
    flags: { input: 'FILE', output: 'FILE', parallel: 'N', 'no-resume': null, force: null },
  },
];

/** What flags in no group call their values. */
const otherValues: Readonly<Record<string, string>> = {
  prompt: 'TEXT',
  steps: 'N',
  system: 'TEXT',
  session: 'FILE',
  transcript: 'FILE',
};

/** The same flags with what the help screen shows of them. */
export function groupFlags<T extends Record<string, object>>(flags: T): T {
  const grouped = Object.entries(flags).map(([name, flag]) => {
    const group = groups.find(({ flags: names }) => name in names);
    const value = group?.flags[name] ?? otherValues[name];
    const shown = { ...(group && { helpGroup: group.heading }), ...(value && { helpValue: value }) };
    return [name, { ...flag, ...shown }];
  });
  return Object.fromEntries(grouped) as T;
}
