// The help screen: oclif's, broken at words whatever the width, with examples on the first page.

import { CommandHelp, Help, type Interfaces } from '@oclif/core';
import { unknownCommand } from './usage/unknown-command.js';
import { wrapWords } from './wrap-words.js';

/** Commands, and what they do where that is not plain. */
const EXAMPLES: readonly (readonly [command: string, comment: string])[] = [
  ['llama run', 'a story by the bundled sample model'],
  ['llama chat', ''],
  ['llama export', 'the bundled sample model as sample-model.bin'],
  ['llama export --hf ./Llama-3.2-1B-Instruct', ''],
  ['llama quantize sample-model.bin', 'to sample-model-q8_0.bin'],
  ['llama inspect sample-model-q8_0.bin', ''],
  ['llama run model.bin "Once upon a time" -n 64', ''],
  ['llama chat model.bin "What sound does a cow make?"', ''],
  ['llama doctor', 'which kernels run on this machine'],
];
/** Width of a file or a pipe. */
const PLAIN_COLUMNS = 80;
/** Narrower, nothing can be laid out. */
const MIN_COLUMNS = 20;
/** A description beside a name needs as much; with less it goes below. */
const MIN_RIGHT_COLUMNS = 30;
const INDENT = 2;

type Rows = (string | undefined)[][];

class LlamaCommandHelp extends CommandHelp {
  override wrap(body: string, spacing = this.indentSpacing): string {
    return wrapWords(this.render(body), this.opts.maxWidth - spacing);
  }

  override renderList(rows: Rows, options: ListOptions): string {
    return stackedList(rows, options, this.opts.maxWidth) ?? super.renderList(rows, options);
  }

  protected override usage(): string {
    const { id, usage } = this.command;
    const lines = [usage ?? this.defaultUsage()].flat().map((line) => {
      const rest = this.render(line).replace(id, '').trim();
      return wrapWords(`$ ${this.config.bin} ${id} ${rest}`.trimEnd(), this.opts.maxWidth - INDENT, { hang: 4 });
    });
    return lines.join('\n');
  }

  override examples(examples: Examples): string | undefined {
    const lines = [examples ?? []].flat().map((example) => {
      const command = typeof example === 'string' ? example : example.command;
      return wrappedCommand(`$ ${this.render(command).replace(/^\$ /, '')}`, this.opts.maxWidth - INDENT);
    });
    return lines.length === 0 ? undefined : lines.join('\n');
  }
}

type Examples = Parameters<CommandHelp['examples']>[0];

interface ListOptions {
  readonly indentation: number;
  readonly multiline?: boolean;
  readonly spacer?: string;
  readonly stripAnsi?: boolean;
}

// oclif loads a help class by its default export.
// biome-ignore lint/style/noDefaultExport: demanded by oclif's helpClass
export default class LlamaHelp extends Help {
  protected override CommandHelpClass = LlamaCommandHelp;

  constructor(config: Interfaces.Config, options: Partial<Interfaces.HelpOptions> = {}) {
    super(config, { ...options, maxWidth: outputColumns() });
  }

  override wrap(body: string, spacing = this.indentSpacing): string {
    return wrapWords(this.render(body), this.opts.maxWidth - spacing);
  }

  override renderList(rows: Rows, options: ListOptions): string {
    return stackedList(rows, options, this.opts.maxWidth) ?? super.renderList(rows, options);
  }

  /** What oclif writes without breaking it: summaries. */
  protected override log(...texts: string[]): void {
    super.log(...texts.map((text) => wrapWords(text, this.opts.maxWidth)));
  }

  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => word !== '--help' && word !== '-h');
    const [first = 'help'] = words[0] === 'help' ? words.slice(1) : words;
    if (!first.startsWith('-') && !this.config.commandIDs.includes(first)) {
      throw unknownCommand(words, this.config.commandIDs);
    }
    await super.showHelp(argv);
  }

  override formatRoot(): string {
    const width = this.opts.maxWidth - INDENT;
    const left = Math.max(...EXAMPLES.filter(([, comment]) => comment !== '').map(([command]) => command.length));
    const lines = EXAMPLES.flatMap(([command, comment]) => {
      const line = wrappedCommand(`$ ${command}`, width);
      if (comment === '') return [line];
      const beside = `${line.padEnd(left + 4)}${comment}`;
      return beside.length <= width ? [beside] : [line, wrapWords(`    ${comment}`, width)];
    });
    return `${super.formatRoot()}\n\n${this.section('EXAMPLES', lines.join('\n'))}`;
  }
}

/** Names with their descriptions below, where there is no room beside them; null where there is. */
function stackedList(rows: Rows, { indentation, multiline }: ListOptions, maxWidth: number): string | null {
  if (multiline === true) return null;
  const width = Math.max(...rows.map(([left]) => (left ?? '').length));
  if (maxWidth - indentation - width - 2 >= MIN_RIGHT_COLUMNS) return null;
  const room = maxWidth - indentation;
  return rows
    .flatMap(([left, right]) => [
      wrapWords((left ?? '').trim(), room, { hang: INDENT }),
      ...(right === undefined || right === '' ? [] : [wrapWords(indented(right), room)]),
    ])
    .join('\n');
}

function indented(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

/** A command that is too wide goes on behind a backslash, so that it can be copied. */
function wrappedCommand(line: string, width: number): string {
  return wrapWords(line, width, { hang: 4, ending: ' \\' });
}

function outputColumns(): number {
  const columns = process.stdout.isTTY ? process.stdout.columns : 0;
  return columns > 0 ? Math.max(columns, MIN_COLUMNS) : PLAIN_COLUMNS;
}
