// llama bench: how fast a model runs here.

import { ToolkitError } from '@llama-ts/format';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { type BenchReport, type BenchTest, benchLines } from '../bench/bench-lines.js';
import { bytesPerToken, generationSpeed, promptSpeed } from '../bench/measure-speed.js';
import { measureReadCeiling } from '../bench/read-ceiling.js';
import { spread } from '../bench/statistics.js';
import { modelFlags, openNamedModel } from '../model-flags.js';
import { integer } from '../number-flags.js';
import { withSpinner } from '../with-spinner.js';

const DEFAULT_PROMPT = 512;
const DEFAULT_GENERATE = 128;
const count = { min: 0, max: 1_000_000 };
const { threads, backend, mmap, 'rope-theta': ropeTheta, 'rope-scaling': ropeScaling } = modelFlags;

export default class Bench extends BaseCommand {
  static override description =
    'Measure prompt and generation speed; without MODEL, of the bundled sample model. Use a quiet machine';
  static override examples = [
    '<%= config.bin %> bench model.bin',
    '<%= config.bin %> bench model.bin -p 512 -n 64 -d 2000 --threads 2',
    '<%= config.bin %> bench model.bin -p 0 --json',
  ];
  static override enableJsonFlag = true;
  static override args = { model: Args.string({ description: '.bin file', ignoreStdin: true }) };
  static override flags = {
    'n-prompt': Flags.custom<number>({
      char: 'p',
      description: `tokens of the prompt, 0 for no such test; default ${DEFAULT_PROMPT}, or what the model takes`,
      parse: integer(count),
    })(),
    'n-gen': Flags.custom<number>({
      char: 'n',
      description: `tokens to generate, 0 for no such test; default ${DEFAULT_GENERATE}, or what the model takes`,
      parse: integer(count),
    })(),
    'n-depth': Flags.custom<number>({
      char: 'd',
      description: 'tokens in the context before generation',
      parse: integer(count),
      default: 0,
    })(),
    repetitions: Flags.custom<number>({
      char: 'r',
      description: 'measurements of each test, after one that does not count',
      parse: integer({ min: 1, max: 1000 }),
      default: 5,
    })(),
    threads,
    backend,
    mmap,
    'rope-theta': ropeTheta,
    'rope-scaling': ropeScaling,
  };

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
      const report = await withSpinner('measuring', () =>
        this.#measure(model, tests, flags.repetitions, args.model ?? sampleModelName),
      );
      for (const line of benchLines(report)) this.log(line);
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
      repetitions,
      bytesPerToken: bytesPerToken(model.header),
      readBytesPerSecond: await measureReadCeiling(model, this.signal),
      tests: measured,
    };
  }
}
