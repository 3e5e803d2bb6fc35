// llama run: continues a prompt.

import { commandLine, hexOf, ToolkitError } from '@llama-ts/base';
import {
  type AnswerResult,
  type Constraint,
  type GenerateOptions,
  generateAnswers,
  type Model,
} from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, type Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { parallelOf } from '../batch/batch-flags.js';
import type { BatchReport } from '../batch/run-batch.js';
import { exitCodes } from '../failure/exit-codes.js';
import { cutOffNotice, readConstraint } from '../flags/constraint-flags.js';
import { groupFlags } from '../flags/flag-groups.js';
import { modelArgument } from '../flags/model-argument.js';
import { openNamedModel } from '../flags/model-flags.js';
import { answerOptions, type RunFlags, runFlags, specialsOf } from '../flags/run-flags.js';
import { chooseSeed } from '../flags/seed-flag.js';
import { givenPrompt, promptToContinue } from '../input/prompt-to-continue.js';
import { readStdin } from '../input/read-stdin.js';
import { besideAnswer } from '../output/beside-answer.js';
import { formattedNotice } from '../output/formatted-notice.js';
import { showAnswer } from '../output/show-answer.js';
import { speak, speedLine } from '../output/speak.js';
import { printNotice } from '../terminal/print-notice.js';

const SAMPLE_NOTICE = `no MODEL: running the bundled sample model, ${sampleModelName}`;

/** An answer as `--json` prints it. */
interface Spoken extends Omit<AnswerResult, 'nCachedTokens' | 'nTokens'> {
  /** Decimal digits: a JSON number does not hold 64 bits. */
  readonly seed: string;
}

/** Output of `--json`: the answer, or with `--answers` all of them. */
type RunReport = {
  readonly model: string;
  readonly prompt: string;
  readonly backend: string;
  /** `Model.checksum` in hexadecimal digits, with `--digest`. */
  readonly modelSha256?: string;
} & (Spoken | { readonly answers: readonly Spoken[] });

/** Output of `--json` for a file of prompts. */
type RunBatchReport = { readonly model: string; readonly backend: string } & BatchReport;

/** What to continue, and how. */
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
    model: modelArgument,
    prompt: Args.string({ description: 'text to continue; else --prompt, else what is piped in', ignoreStdin: true }),
  };
  static override flags = groupFlags(runFlags);

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
        cacheBytes: flags['cache-bytes'],
        resume: !flags['no-resume'],
        force: flags.force,
        speculate: flags.lookup,
        seed: chooseSeed(flags.seed, Date.now()),
        isSeedGiven: Boolean(flags.seed),
        today: new Date(),
        form: form?.source ?? null,
        defaults: { ...answerOptions(flags), constraint: form?.constraint },
        specials: specialsOf(flags),
        templateName: flags['template-name'],
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
    const notice = formattedNotice(model, prompt);
    // Printed with --json too, which silences logToStderr: the prompt was not read as its author meant it.
    if (!flags.special && notice !== null) printNotice(notice);
    const modelSha256 = flags.digest ? hexOf(await model.checksum(this.signal)) : null;
    const answers: Spoken[] = [];
    const options: GenerateOptions = {
      ...answerOptions(flags),
      constraint,
      seed,
      speculate: flags.lookup,
      specials: specialsOf(flags),
      signal: this.signal,
    };
    for await (const { seed, events } of generateAnswers(model, prompt, flags.answers ?? 1, options)) {
      const shown = showAnswer({ isShown: !this.jsonEnabled(), raw: flags.raw });
      if (!flags['no-echo']) shown.push(prompt);
      const speech = await speak(events, shown.push).finally(shown.end);
      this.logToStderr((await besideAnswer()) + speedLine(speech, model));
      if (modelSha256 !== null) {
        this.logToStderr(`model sha256 ${modelSha256}`);
        this.logToStderr(`answer sha256 ${speech.digest}`);
      }
      if (speech.meetsConstraint === false) this.#reportCutOff(speech);
      const { nCachedTokens: _none, nTokens: _counted, ...said } = speech;
      answers.push({ seed: String(seed), ...said });
    }
    const reported = flags.answers === undefined ? answers[0]! : { answers };
    const digested = modelSha256 === null ? {} : { modelSha256 };
    return { model: name, prompt, backend: model.backend, ...digested, ...reported };
  }

  /** The answer was shown as it came. A notice says that it is incomplete, and the exit code tells scripts. */
  #reportCutOff({ endReason }: AnswerResult): void {
    this.logToStderr(cutOffNotice(endReason));
    process.exitCode = exitCodes.limit;
  }

  /** The C programs' way to ask for a chat: the same arguments, without what only `run` has. */
  async #chat(): Promise<undefined> {
    const modeAt = this.argv.findIndex((arg) => /^(-m|--mode)/.test(arg));
    const width = /^(-m|--mode)$/.test(this.argv[modeAt]!) ? 2 : 1;
    await this.config.runCommand('chat', this.argv.toSpliced(modeAt, width));
    return undefined;
  }
}
