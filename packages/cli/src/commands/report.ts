// llama report: the results of verify and eval as one HTML page.

import { readFile } from 'node:fs/promises';
import { parseEvaluation, parseVerifyResult, renderReport } from '@llama-ts/evaluate';
import { ToolkitError } from '@llama-ts/format';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { reportFiles } from '../report-files.js';
import { visible } from '../terminal-safe.js';
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
  };

  override async run(): Promise<{ output: string; byteLength: number }> {
    const { args, flags } = await this.parse(Report);
    const inputs = [flags.verify, flags.eval].filter((path) => path !== undefined);
    if (inputs.length === 0) throw new ToolkitError('USAGE', 'expected --verify FILE, --eval FILE or both');
    const reports = await reportFiles([args.out], inputs);
    const page = renderReport({
      verify: flags.verify === undefined ? undefined : parseVerifyResult(await readInput(flags.verify), flags.verify),
      evaluation: flags.eval === undefined ? undefined : parseEvaluation(await readInput(flags.eval), flags.eval),
      ...(flags.title === undefined ? {} : { title: flags.title }),
    });
    await reports.write(args.out, () => page);
    const byteLength = Buffer.byteLength(page);
    this.log(visible(`wrote ${args.out}: ${byteSize(byteLength)}`));
    return { output: args.out, byteLength };
  }
}

async function readInput(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: cannot be read, expected a JSON file`, { cause });
  });
}
