// llama report: the results of verify and eval as one HTML page.

import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { byteSize, commandLine, shellWord, ToolkitError } from '@llama-ts/base';
import { checkOutput } from '@llama-ts/durable';
import { parseEvaluation, parseVerifyResult, renderReport } from '@llama-ts/evaluate';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { nameValues } from '../flags/flag-values.js';
import { reportFiles } from '../output/report-files.js';
import { nearSuggestions } from '../sources/near-files.js';

export default class Report extends BaseCommand {
  static override description = 'Write the results of verify and eval as one HTML page, which needs no network';
  static override examples = [
    '<%= config.bin %> verify model-q8_0.bin --against model.bin --json > verify.json',
    '<%= config.bin %> eval model-q8_0.bin --baseline model.bin --text book.txt --json > eval.json',
    '<%= config.bin %> report report.html --verify verify.json --eval eval.json',
  ];
  static override enableJsonFlag = true;
  static override args = { out: Args.string({ description: 'HTML file to write', required: true, ignoreStdin: true }) };
  static override flags = nameValues({
    verify: Flags.string({ description: 'show the output of verify --json in this file' }),
    eval: Flags.string({ description: 'show the output of eval --json in this file' }),
    title: Flags.string({ description: "give the page this heading; default the model's path" }),
    force: Flags.boolean({ description: 'replace an existing OUT' }),
  });

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
    checkKinds(args.out, flags, { verify: verified, eval: evaluated });
    checkSameModel(args.out, flags, verified, evaluated);
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
  return readFile(path, 'utf8').catch(async (cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: cannot be read, expected a JSON file`, {
      suggestions: await nearSuggestions(path),
      cause,
    });
  });
}

/** The command whose `--json` a text is; null for any other text. */
function kindOf(text: string): 'verify' | 'eval' | null {
  for (const [kind, parse] of [
    ['verify', parseVerifyResult],
    ['eval', parseEvaluation],
  ] as const) {
    try {
      parse(text, '');
      return kind;
    } catch {
      // The text may be a result of the other command.
    }
  }
  return null;
}

/** Results that were given to the wrong flag. @throws ToolkitError `BAD_REPORT` */
function checkKinds(
  out: string,
  names: { readonly verify?: string | undefined; readonly eval?: string | undefined },
  texts: { readonly verify: string | null; readonly eval: string | null },
): void {
  const flags = ['verify', 'eval'] as const;
  const found = flags.map((flag) => ({
    flag,
    path: names[flag],
    kind: texts[flag] === null ? null : kindOf(texts[flag]),
  }));
  const wrong = found.find(({ flag, kind }) => kind !== null && kind !== flag);
  if (wrong === undefined) return;
  const moved = flags.flatMap((flag) => {
    const path = found.find(({ kind }) => kind === flag)?.path;
    return path === undefined ? [] : [`--${flag}`, path];
  });
  throw new ToolkitError(
    'BAD_REPORT',
    `${wrong.path}: is what llama ${wrong.kind} --json prints, expected what llama ${wrong.flag} --json prints`,
    { suggestions: [commandLine(['llama', 'report', out, ...moved])] },
  );
}

/** Figures of two models on one page would be taken for those of one. @throws ToolkitError `DIFFERENT_MODELS` */
function checkSameModel(
  out: string,
  names: { readonly verify?: string | undefined; readonly eval?: string | undefined },
  verified: string | null,
  evaluated: string | null,
): void {
  const [one, other] = [modelOf(verified), modelOf(evaluated)];
  if (one === null || other === null || resolve(one) === resolve(other)) return;
  // The other model's results are kept.
  const fresh = `${basename(one, '.bin')}-eval.json`;
  throw new ToolkitError(
    'DIFFERENT_MODELS',
    `${names.verify} is of ${one} and ${names.eval} of ${other}, expected results of one model`,
    {
      suggestions: [
        `${commandLine(['llama', 'eval', one, '--text', 'TEXT.txt', '--json'])} > ${shellWord(fresh)} && ` +
          commandLine(['llama', 'report', out, '--verify', names.verify!, '--eval', fresh]),
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
