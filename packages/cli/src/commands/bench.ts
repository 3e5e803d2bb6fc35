// llama bench: how fast a model runs here.

import { ToolkitError } from '@llama-ts/base';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { type BenchReport, type BenchTest, benchLines } from '../bench/bench-lines.js';
import { bytesPerToken, generationSpeed, promptSpeed } from '../bench/measure-speed.js';
import { measureReadCeiling } from '../bench/read-ceiling.js';
import { spread } from '../bench/statistics.js';
import { submitLines } from '../bench/submit-lines.js';
import { nameValues } from '../flags/flag-values.js';
import { modelArgument } from '../flags/model-argument.js';
import { modelFlags, openNamedModel } from '../flags/model-flags.js';
import { integer } from '../flags/number-flags.js';
import { withSpinner } from '../progress/with-spinner.js';
import { nameWithVariant } from '../store/locate-model.js';

const DEFAULT_PROMPT = 512;
const DEFAULT_GENERATE = 128;
const count = { min: 0, max: 1_000_000 };
const { yes, threads, backend, mmap, 'rope-theta': ropeTheta, 'rope-scaling': ropeScaling } = modelFlags;

export default class Bench extends BaseCommand {
  static override description =
    'Measure prompt and generation speed; without MODEL, of the bundled sample model. Use a quiet machine';
  static override examples = [
    '<%= config.bin %> bench model.bin',
    '<%= config.bin %> bench model.bin -p 512 -n 64 -d 2000 --threads 2',
    '<%= config.bin %> bench model.bin -p 0 --json',
    '<%= config.bin %> bench model.bin --submit-format',
  ];
  static override enableJsonFlag = true;
  static override args = { model: modelArgument };
  static override flags = nameValues({
    'n-prompt': Flags.custom<number>({
      char: 'p',
      description: `measure a prompt of N tokens; 0 to skip; default ${DEFAULT_PROMPT}, or the context`,
      parse: integer(count),
    })(),
    'n-gen': Flags.custom<number>({
      char: 'n',
      description: `measure the generation of N tokens; 0 to skip; default ${DEFAULT_GENERATE}, or the context`,
      parse: integer(count),
    })(),
    'n-depth': Flags.custom<number>({
      char: 'd',
      description: 'put N tokens into the context before generation',
      parse: integer(count),
      default: 0,
    })(),
    repetitions: Flags.custom<number>({
      char: 'r',
      description: 'repeat each measurement N times, after one that does not count',
      parse: integer({ min: 1, max: 1000 }),
      default: 5,
    })(),
    'submit-format': Flags.boolean({
      description: 'print a Markdown row for the table of machines in docs/performance.md',
    }),
    threads,
    backend,
    mmap,
    yes,
    'rope-theta': ropeTheta,
    'rope-scaling': ropeScaling,
  });

  override async run(): Promise<BenchReport> {
    const { args, flags } = await this.parse(Bench);
    const { 'n-prompt': nPrompt, 'n-gen': nGenerate, 'n-depth': depth } = flags;
    const asked = Math.max(nPrompt ?? 1, Math.max(depth, 1) + (nGenerate ?? 0) + 1);
    const context = nPrompt === undefined && nGenerate === undefined && depth === 0 ? undefined : asked;
    const model = await openNamedModel(args.model, { ...flags, context, ignoreEos: true }, this.signal);
    try {
      const room = model.contextLength;
      const tests: Omit<BenchTest, 'tokensPerSecond'>[] = [];
      const prompt = nPrompt ?? Math.min(DEFAULT_PROMPT, room);
      const generate = nGenerate ?? Math.min(DEFAULT_GENERATE, room - Math.max(depth, 1) - 1);
      if (prompt > 0) tests.push({ test: 'prompt', nTokens: prompt, depth: 0 });
      if (generate > 0) tests.push({ test: 'generation', nTokens: generate, depth });
      if (tests.length === 0) {
        throw new ToolkitError('USAGE', '-p 0 with -n 0: nothing to measure, expected one of them above 0');
      }
      const name = args.model === undefined ? sampleModelName : await nameWithVariant(args.model);
      const report = await withSpinner('measuring', () => this.#measure(model, tests, flags.repetitions, name));
      if (flags['submit-format']) for (const line of submitLines(report)) this.logWhole(line);
      else for (const line of benchLines(report, this.columns)) this.log(line);
      return report;
    } finally {
      await model.close();
    }
  }

  async #measure(
    model: Model,
    tests: readonly Omit<BenchTest, 'tokensPerSecond'>[],
    repetitions: number,
    name: string,
  ): Promise<BenchReport> {
    const measured: BenchTest[] = [];
    for (const { test, nTokens, depth } of tests) {
      const once = () =>
        test === 'prompt'
          ? promptSpeed(model, nTokens, this.signal)
          : generationSpeed(model, nTokens, depth, this.signal);
      await once(); // pages are read and buffers made
      const speeds: number[] = [];
      for (let i = 0; i < repetitions; i++) speeds.push(await once());
      measured.push({ test, nTokens, depth, tokensPerSecond: spread(speeds) });
    }
    return {
      model: name,
      backend: model.backend,
      threads: model.threads,
      tuning: model.tuning,
      repetitions,
      bytesPerToken: bytesPerToken(model.header),
      readBytesPerSecond: await measureReadCeiling(model, this.signal),
      tests: measured,
    };
  }
}
