// llama report: the results of verify and eval as one HTML page.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseEvaluation, parseVerifyResult, renderReport } from '@llama-ts/evaluate';
import { checkOutput } from '@llama-ts/exporter';
import { ToolkitError } from '@llama-ts/format';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { reportFiles } from '../report-files.js';
import { commandLine, shellWord } from '../shell-words.js';
import { byteSize } from '../units.js';

export default class Report extends BaseCommand {
  static override description = 'Write the results of verify and eval as one HTML page, which needs no network';
  static override examples = [
    '<%= config.bin %> verify model-q8_0.bin --against model.bin --json > verify.json',
    '<%= config.bin %> eval model-q8_0.bin --baseline model.bin --text book.txt --json > eval.json',
    '<%= config.bin %> report report.html --verify verify.json --eval eval.json',
  ];
  static override enableJsonFlag = true;
  static override args = { out: Args.string({ description: 'HTML file to write', required: true, ignoreStdin: true }) };
  static override flags = {
    verify: Flags.string({ description: 'what verify --json printed' }),
    eval: Flags.string({ description: 'what eval --json printed' }),
    title: Flags.string({ description: "heading; default the model's path" }),
    force: Flags.boolean({ description: 'replace OUT if it is there' }),
  };

  override async run(): Promise<{ output: string; byteLength: number }> {
    const { args, flags } = await this.parse(Report);
    const inputs = [flags.verify, flags.eval].filter((path) => path !== undefined);
    if (inputs.length === 0) {
      throw new ToolkitError('USAGE', 'nothing to report on, expected --verify FILE, --eval FILE or both', {
        suggestions: ['llama report --help'],
      });
    }
    await checkOutput(args.out, { force: flags.force, inputs });
    const reports = await reportFiles([args.out], inputs);
    const verified = await readInput(flags.verify);
    const evaluated = await readInput(flags.eval);
    checkSameModel(flags, verified, evaluated);
    const page = renderReport({
      verify: flags.verify === undefined ? undefined : parseVerifyResult(verified!, flags.verify),
      evaluation: flags.eval === undefined ? undefined : parseEvaluation(evaluated!, flags.eval),
      ...(flags.title === undefined ? {} : { title: flags.title }),
    });
    await reports.write(args.out, () => page);
    const byteLength = Buffer.byteLength(page);
    this.log(`wrote ${args.out}: ${byteSize(byteLength)}`);
    return { output: args.out, byteLength };
  }
}

async function readInput(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: cannot be read, expected a JSON file`, { cause });
  });
}

/** Figures of two models on one page would be taken for those of one. @throws ToolkitError `DIFFERENT_MODELS` */
function checkSameModel(
  names: { readonly verify?: string | undefined; readonly eval?: string | undefined },
  verified: string | null,
  evaluated: string | null,
): void {
  const [one, other] = [modelOf(verified), modelOf(evaluated)];
  if (one === null || other === null || resolve(one) === resolve(other)) return;
  throw new ToolkitError(
    'DIFFERENT_MODELS',
    `${names.verify} is of ${one} and ${names.eval} of ${other}, expected results of one model`,
    {
      suggestions: [
        `${commandLine(['llama', 'eval', one, '--text', 'TEXT.txt', '--json'])} > ${shellWord(names.eval!)}`,
      ],
    },
  );
}

/** The path that a result names; null where it names none. */
function modelOf(text: string | null): string | null {
  try {
    const { model } = JSON.parse(text ?? 'null');
    const path = typeof model === 'object' ? model.path : model;
    return typeof path === 'string' ? path : null;
  } catch {
    return null;
  }
}
