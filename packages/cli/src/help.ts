// The help screen: oclif's, wrapped at words for any width, with examples on the first page.

import { CommandHelp, Help, type Interfaces } from '@oclif/core';
import { flagValues } from './flags/flag-values.js';
import { columnsOf } from './terminal/terminal.js';
import { wrapCommand } from './terminal/wrap-command.js';
import { wrapWords } from './terminal/wrap-words.js';
import { commandShapes } from './usage/command-shapes.js';
import { unknownCommand } from './usage/unknown-command.js';

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
/** What the commands of plugins do. */
const pluginCommands: Readonly<Record<string, string>> = {
  help: 'Show how a command is used',
};
/** Width of a file or a pipe. */
const PLAIN_COLUMNS = 80;
/** Least width of the layout. */
const MIN_COLUMNS = 20;
/** Least width of a description next to a name; a narrower one goes below the name. */
const MIN_RIGHT_COLUMNS = 30;
const INDENT = 2;

type Command = Parameters<Help['formatCommand']>[0];
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
    const lines = [usage ?? ownUsage(this.command)].flat().map((line) => {
      const rest = this.render(line).replace(id, '').trim();
      return wrapWords(`$ ${this.config.bin} ${id} ${rest}`.trimEnd(), this.opts.maxWidth - INDENT, { hang: 4 });
    });
    return lines.join('\n');
  }

  /** Nothing for a description of one line, which stands at the top. */
  protected override description(): string | undefined {
    return this.command.description?.includes('\n') === true ? super.description() : undefined;
  }

  /** Names for values instead of oclif's, and no summary of oclif's over a list of values. */
  override flags(flags: Flags): FlagRows {
    return super
      .flags(flags)
      ?.map(([left, right], i) => [
        left?.replace('<option>', flagValues[flags[i]!.name] ?? 'NAME'),
        right?.replace(/<options: ([^>]*)>$/, 'one of $1'),
      ]);
  }

  override examples(examples: Examples): string | undefined {
    const lines = [examples ?? []].flat().map((example) => {
      const command = typeof example === 'string' ? example : example.command;
      return wrapCommand(`$ ${this.render(command).replace(/^\$ /, '')}`, this.opts.maxWidth - INDENT);
    });
    return lines.length === 0 ? undefined : lines.join('\n');
  }
}

type Flags = Parameters<CommandHelp['flags']>[0];
type FlagRows = ReturnType<CommandHelp['flags']>;
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

  /** Summaries, which oclif writes without wrapping them. */
  protected override log(...texts: string[]): void {
    super.log(...texts.map((text) => wrapWords(text, this.opts.maxWidth)));
  }

  override formatCommands(commands: Command[]): string {
    return super.formatCommands(commands.map(inOurWords));
  }

  override async showCommandHelp(command: Command): Promise<void> {
    await super.showCommandHelp(inOurWords(command));
  }

  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => word !== '--help' && word !== '-h');
    const [first = 'help'] = words[0] === 'help' ? words.slice(1) : words;
    if (!first.startsWith('-') && !this.config.commandIDs.includes(first)) {
      throw unknownCommand(words, { ids: this.config.commandIDs, shapeOf: commandShapes(this.config) });
    }
    await super.showHelp(argv);
  }

  override formatRoot(): string {
    const width = this.opts.maxWidth - INDENT;
    const left = Math.max(...EXAMPLES.filter(([, comment]) => comment !== '').map(([command]) => command.length));
    const lines = EXAMPLES.flatMap(([command, comment]) => {
      const line = wrapCommand(`$ ${command}`, width);
      if (comment === '') return [line];
      const beside = `${line.padEnd(left + 4)}${comment}`;
      return beside.length <= width ? [beside] : [line, wrapWords(`    ${comment}`, width)];
    });
    return `${super.formatRoot()}\n\n${this.section('EXAMPLES', lines.join('\n'))}`;
  }
}

/** Arguments and required flags; the others are listed below it. */
function ownUsage({ id, args, flags, strict }: Command): string {
  const named = Object.values(args).map(({ name, required }, i, all) => {
    const shown = name.toUpperCase() + (strict === false && i === all.length - 1 ? '...' : '');
    return required === true ? shown : `[${shown}]`;
  });
  const needed = Object.values(flags).flatMap(({ name, required }) =>
    required === true ? [`--${name} ${flagValues[name] ?? 'VALUE'}`] : [],
  );
  return [id, ...named, ...needed, '[FLAGS]'].join(' ');
}

/** The commands of oclif's plugins in the words of the others. */
function inOurWords(command: Command): Command {
  const description = pluginCommands[command.id];
  return description === undefined ? command : { ...command, description };
}

/** Names with their descriptions below, if the descriptions do not fit next to them; null if they fit. */
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

function outputColumns(): number {
  const columns = columnsOf(process.stdout);
  return Number.isFinite(columns) ? Math.max(columns, MIN_COLUMNS) : PLAIN_COLUMNS;
}
