// llama show: what a model of the store is, and where its file is.

import { byteSize } from '@llama-ts/base';
import { inspectPath, type PathDescription } from '@llama-ts/exporter';
import { createTokenizer, templateEndToken } from '@llama-ts/runtime';
import { Args } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { descriptionLines } from '../output/description-lines.js';
import { listEntries, nameText } from '../store/entries.js';
import { findEntry } from '../store/find-entry.js';
import { type ListedModel, listedModel } from '../store/listed-model.js';
import { openStore } from '../store/store-folder.js';
import { labelledRow } from '../terminal/labelled-row.js';

const LABEL_WIDTH = 12;

/** Output of `--json`. */
interface ShowReport extends ListedModel {
  /** Other names of the same file. */
  readonly otherNames: readonly string[];
  /** What `llama inspect --json` prints for the file. */
  readonly model: PathDescription;
}

export default class Show extends BaseCommand {
  static override description = 'Describe a model of the store: where it comes from, where its file is, what it holds';
  static override examples = [
    '<%= config.bin %> show meta-llama/Llama-3.2-1B-Instruct',
    '<%= config.bin %> show meta-llama/Llama-3.2-1B-Instruct:q8 --json',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: Args.string({
      description: 'name as list shows it; without a variant, q4',
      required: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<ShowReport> {
    const { args } = await this.parse(Show);
    const store = openStore();
    const entry = await findEntry(store, args.model);
    const listed = listedModel(store, entry);
    const same = (await listEntries(store)).filter(({ key }) => key === entry.key).map(nameText);
    const otherNames = same.filter((name) => name !== listed.name);
    const model = await inspectPath(listed.path, {
      signal: this.signal,
      findTurnEnd: (data, end) => templateEndToken(createTokenizer(data), end),
    });
    for (const [label, text] of rowsOf(listed, otherNames)) {
      this.log(labelledRow(label, text, { labelWidth: LABEL_WIDTH, columns: this.columns }));
    }
    for (const line of descriptionLines(model, this.columns, { tensors: false })) this.log(line);
    return { ...listed, otherNames, model };
  }
}

function rowsOf(listed: ListedModel, otherNames: readonly string[]): readonly (readonly [string, string])[] {
  const { name, variant, repo, commit, source, byteLength, made } = listed;
  return [
    ['name', name],
    ...otherNames.map((other) => ['also', other] as const),
    ['made from', source ?? `${repo} at ${commit}`],
    ['variant', variant],
    ['size', byteSize(byteLength)],
    ['made', made],
  ];
}
