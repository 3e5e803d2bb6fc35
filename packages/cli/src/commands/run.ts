// llama run: continues a prompt.

import { ToolkitError } from '@llama-ts/format';
import {
  type AnswerOptions,
  type Constraint,
  type GenerateOptions,
  generateAnswers,
  type Model,
} from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { batchFlags, parallelOf } from '../batch/batch-flags.js';
import type { BatchReport } from '../batch/run-batch.js';
import { constraintFlags, cutOffNotice, readConstraint } from '../constraint-flags.js';
import { exitCodes } from '../exit-codes.js';
import { groupFlags } from '../flag-groups.js';
import { formattedNotice } from '../formatted-notice.js';
import { lookupFlag } from '../lookup-flag.js';
import { modelFlags, openNamedModel } from '../model-flags.js';
import { integer } from '../number-flags.js';
import { givenPrompt, promptToContinue } from '../prompt-to-continue.js';
import { readStdin } from '../read-stdin.js';
import { logprobsFlag, samplingFlags, samplingOptions } from '../sampling-flags.js';
import { chooseSeed } from '../seed-flag.js';
import { commandLine } from '../shell-words.js';
import { type NamedLogprobs, namedLogprobs, type Speech, speak, speedLine, writeText } from '../speak.js';

/** New tokens when neither --steps nor --max-tokens is given. */
const DEFAULT_MAX_TOKENS = 256;
/** Far above what anybody reads. */
const MAX_ANSWERS = 10_000;
const count = { min: 0, max: Number.MAX_SAFE_INTEGER };
const SAMPLE_NOTICE = `no MODEL: running the bundled sample model, ${sampleModelName}`;

interface Spoken extends Omit<Speech, 'logprobs'> {
  readonly logprobs?: readonly NamedLogprobs[];
  /** In decimal digits: JSON's numbers are too small for it. */
  readonly seed: string;
}

/** What `--json` prints: the answer, or with `--answers` all of them. */
type RunReport = { readonly model: string; readonly prompt: string; readonly backend: string } & (
  | Spoken
  | { readonly answers: readonly Spoken[] }
);

/** What `--json` prints of a file of prompts. */
type RunBatchReport = { readonly model: string; readonly backend: string } & BatchReport;

type RunFlags = Interfaces.InferredFlags<typeof Run.flags>;
/** What is to be continued, and how. */
interface Asked {
  /** null when none was given. */
  readonly prompt: string | null;
  readonly flags: RunFlags;
  readonly name: string;
  readonly constraint: Constraint | undefined;
}

type RunArgs = Interfaces.InferredArgs<typeof Run.args>;

export default class Run extends BaseCommand {
  static override endsWithText = true;
  static override description = 'Continue a prompt; without MODEL, with the bundled sample model';
  static override examples = [
    '<%= config.bin %> run',
    '<%= config.bin %> run -i "Once upon a time" -n 64 -t 0',
    '<%= config.bin %> run model.bin "Once upon a time"',
    'echo "Once upon a time" | <%= config.bin %> run model.bin',
    '<%= config.bin %> run model.bin "Ada as JSON: " --json-schema person.json',
    '<%= config.bin %> run model.bin --input prompts.jsonl --output results.jsonl',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: Args.string({ description: '.bin file', ignoreStdin: true }),
    prompt: Args.string({ description: 'text to continue; else --prompt, else what is piped in', ignoreStdin: true }),
  };
  static override usage = 'run [MODEL] [PROMPT] [FLAGS]';
  static override flags = groupFlags({
    ...modelFlags,
    ...samplingFlags,
    ...constraintFlags,
    ...logprobsFlag,
    ...lookupFlag,
    prompt: Flags.string({ char: 'i', description: 'text to continue' }),
    steps: Flags.custom<number>({
      char: 'n',
      description: 'positions at most, prompt included; 0 for all there is room for',
      parse: integer(count),
    })(),
    'max-tokens': Flags.custom<number>({
      description: `new tokens at most; default ${DEFAULT_MAX_TOKENS} without --steps`,
      parse: integer(count),
    })(),
    answers: Flags.custom<number>({
      description: 'answers to give, each with a seed of its own; the prompt is computed once; default 1',
      parse: integer({ min: 1, max: MAX_ANSWERS }),
    })(),
    special: Flags.boolean({
      description: 'names of special tokens in the prompt are the tokens, as in a prompt formatted for chat already',
    }),
    'no-echo': Flags.boolean({ description: 'leave the prompt out of the output' }),
    mode: Flags.string({
      char: 'm',
      description: 'chat is the same as llama chat',
      options: ['generate', 'chat'],
      default: 'generate',
    }),
    system: Flags.string({ char: 'y', description: 'system prompt, with --mode chat' }),
    ...batchFlags,
  });

  override async run(): Promise<RunReport | RunBatchReport | undefined> {
    const { args, flags } = await this.parse(Run);
    if (flags.mode === 'chat') return this.#chat();
    if (flags.input !== undefined) return this.#answerFile(flags.input, flags, args);
    this.stopWithReader();
    const given = givenPrompt('run', { ...args, text: args.prompt, flag: flags.prompt });
    const prompt = given ?? ((await readStdin(this.signal)) || null);
    const form = await readConstraint(flags);
    if (args.model === undefined && prompt !== null) this.logToStderr(SAMPLE_NOTICE);
    return this.#withModel(args.model, flags, (model, name) =>
      this.#continue(model, { prompt, flags, name, constraint: form?.constraint }),
    );
  }

  async #withModel<T>(
    path: string | undefined,
    flags: RunFlags,
    work: (model: Model, name: string) => Promise<T>,
  ): Promise<T> {
    const model = await openNamedModel(path, flags, this.signal);
    try {
      for (const assumption of model.assumptions) this.logToStderr(assumption);
      return await work(model, path ?? sampleModelName);
    } finally {
      await model.close();
    }
  }

  /** Prompts of a file, which is read before anything else is done. */
  async #answerFile(input: string, flags: RunFlags, args: RunArgs): Promise<RunBatchReport> {
    if (args.prompt !== undefined) {
      throw new ToolkitError('USAGE', `a prompt and --input ${JSON.stringify(input)}, expected one of them`, {
        suggestions: [
          commandLine(['llama', 'run', args.model!, '--input', input, '--output', flags.output ?? 'results.jsonl']),
        ],
      });
    }
    const [{ readBatch }, { runBatch }] = await Promise.all([
      import('../batch/read-batch.js'),
      import('../batch/run-batch.js'),
    ]);
    const batch = await readBatch(input);
    const form = await readConstraint(flags);
    if (args.model === undefined) this.logToStderr(SAMPLE_NOTICE);
    return this.#withModel(args.model, flags, async (model, name) => {
      const report = await runBatch(model, {
        batch,
        input,
        output: flags.output!,
        inputs: [input, ...(args.model === undefined ? [] : [args.model])],
        parallel: parallelOf(flags.parallel),
        resume: !flags['no-resume'],
        force: flags.force,
        speculate: flags.lookup,
        seed: chooseSeed(flags.seed, Date.now()),
        isSeedGiven: Boolean(flags.seed),
        today: new Date(),
        form: form?.source ?? null,
        defaults: { ...this.#answerOptions(flags), constraint: form?.constraint },
        specials: specialsOf(flags),
        log: (line) => this.logToStderr(line),
        signal: this.signal,
      });
      return { model: name, backend: model.backend, ...report };
    });
  }

  async #continue(model: Model, asked: Asked): Promise<RunReport> {
    const { flags, name, constraint } = asked;
    const start = promptToContinue(model, { ...flags, name, prompt: asked.prompt });
    for (const notice of start.notices) this.logToStderr(notice);
    const { prompt } = start;
    const seed = chooseSeed(start.seed ?? flags.seed, Date.now());
    const show = (text: string): void => {
      if (!this.jsonEnabled()) writeText(text, flags);
    };
    const notice = formattedNotice(model, prompt);
    // With --json too, which silences logToStderr: the answer is to another prompt than the one that was meant.
    if (!flags.special && notice !== null) process.stderr.write(`${notice}\n`);
    const answers: Spoken[] = [];
    const options: GenerateOptions = {
      ...this.#answerOptions(flags),
      constraint,
      seed,
      speculate: flags.lookup,
      specials: specialsOf(flags),
      signal: this.signal,
    };
    for await (const { seed, events } of generateAnswers(model, prompt, flags.answers ?? 1, options)) {
      if (!flags['no-echo']) show(prompt);
      const speech = await speak(events, show);
      show('\n');
      this.logToStderr(speedLine(speech, model));
      if (speech.meetsConstraint === false) this.#reportCutOff(speech);
      const { logprobs: _unnamed, ...said } = speech;
      answers.push({ seed: String(seed), ...said, ...namedLogprobs(model, speech) });
    }
    const reported = flags.answers === undefined ? answers[0]! : { answers };
    return { model: name, prompt, backend: model.backend, ...reported };
  }

  /** The answer was shown as it came; that it is not whole is told, to scripts by the exit code. */
  #reportCutOff({ endReason }: Speech): void {
    this.logToStderr(cutOffNotice(endReason));
    process.exitCode = exitCodes.limit;
  }

  #answerOptions(flags: RunFlags): AnswerOptions {
    const { steps, temperature, logprobs, 'top-p': topP, 'reference-sampler': referenceSampler } = flags;
    const maxTokens = flags['max-tokens'] ?? (steps === undefined ? DEFAULT_MAX_TOKENS : undefined);
    return { ...samplingOptions(flags), steps, maxTokens, temperature, topP, referenceSampler, logprobs };
  }

  /** The C programs' way to ask for a chat: the same arguments, without what only `run` has. */
  async #chat(): Promise<undefined> {
    const modeAt = this.argv.findIndex((arg) => /^(-m|--mode)/.test(arg));
    const width = /^(-m|--mode)$/.test(this.argv[modeAt]!) ? 2 : 1;
    await this.config.runCommand('chat', this.argv.toSpliced(modeAt, width));
    return undefined;
  }
}

function specialsOf({ special }: { readonly special: boolean }): 'text' | 'tokens' {
  return special ? 'tokens' : 'text';
}
