// What every command shares: usage, interruption, JSON reports and the way failures are shown.

import { isToolkitError, ToolkitError, type ToolkitErrorShape } from '@llama-ts/format';
import { Command, type Interfaces } from '@oclif/core';
import { exitCodeOf } from './exit-codes.js';
import { reportFailure } from './report-failure.js';
import { commandLine } from './shell-words.js';
import { visible, visibleJson } from './terminal-safe.js';
import { checkUsage } from './usage/check-usage.js';
import { type FlagShape, scanArguments } from './usage/scan-arguments.js';

/** Signals that ask a program to end, and the error each becomes. */
const endingSignals = {
  SIGINT: { code: 'INTERRUPTED', message: 'interrupted' },
  SIGTERM: { code: 'TERMINATED', message: 'ended by a request of the system' },
  SIGHUP: { code: 'HUNG_UP', message: 'ended, as its terminal was closed' },
} as const;
type EndingSignal = keyof typeof endingSignals;
const signalNames = Object.keys(endingSignals) as EndingSignal[];

/** The flag that oclif adds to commands that report. */
const jsonFlag: FlagShape = { type: 'boolean' };

/** A command that stops cleanly on Ctrl-C and fails in the toolkit's words. */
export abstract class BaseCommand extends Command {
  /** Whether the last argument is a text, whose words may have been left without quotes. */
  static endsWithText = false;

  #texts: readonly string[] = [];
  readonly #interruption = new AbortController();
  readonly #onSignal = (name: EndingSignal): void => (name === 'SIGINT' ? this.interrupt() : this.#end(name));

  /** Aborted by Ctrl-C and by requests to end; its reason decides the exit code. */
  protected get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  /** Ctrl-C. Once stops the work, which cleans up after itself; a second time leaves at once. */
  protected interrupt(): void {
    this.#end('SIGINT');
  }

  #end(name: EndingSignal): void {
    const { code, message } = endingSignals[name];
    if (this.signal.aborted) process.exit(exitCodeOf(code));
    this.#interruption.abort(new ToolkitError(code, message));
  }

  /** For commands whose output is all there is: a reader that leaves ends the work, quietly. */
  protected stopWithReader(): void {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#interruption.abort(new ToolkitError('BROKEN_PIPE', 'nobody reads the output'));
    });
  }

  protected override async init(): Promise<void> {
    await super.init();
    for (const name of signalNames) process.on(name, this.#onSignal);
  }

  /**
   * Checks the words against the command before oclif parses them, so that no message depends on oclif's wording.
   *
   * @throws ToolkitError `USAGE`, and what the flags' own parsers throw
   */
  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv: string[] = this.argv): Promise<Interfaces.ParserOutput<F, B, A>> {
    const { args = {}, flags = {} } = options ?? {};
    const shapes = { ...(flags as Record<string, FlagShape>), ...(options?.enableJsonFlag ? { json: jsonFlag } : {}) };
    const id = String(this.id);
    const { endsWithText, strict } = this.ctor as typeof BaseCommand;
    checkUsage({ id, flags: shapes, args, endsWithText, takesMore: !strict }, argv);
    this.#texts = scanArguments(argv, shapes).flatMap((item) => (item.type === 'argument' ? [item.text] : []));
    const refusal: { error?: ToolkitErrorShape; message?: string } = {};
    const guarded = Object.fromEntries(
      Object.entries(flags as Record<string, GuardedFlag>).map(([name, flag]) => [name, guard(flag, refusal)]),
    );
    try {
      return await super.parse({ ...options, flags: guarded } as Interfaces.Input<F, B, A>, argv);
    } catch (error) {
      if (refusal.error === undefined || refusal.error !== error) throw error;
      const suggestions = refusal.error.suggestions.map((text) => completed(text, id, argv, shapes));
      throw new ToolkitError(refusal.error.code, refusal.message!, { suggestions });
    }
  }

  /** What was typed beside flags, in order. oclif sorts it, which mixes up words that occur twice. */
  protected get texts(): readonly string[] {
    return this.#texts;
  }

  /** Names of files and of models end up in lines, so control characters are shown, not sent. */
  override log(message = ''): void {
    super.log(visible(message));
  }

  override logToStderr(message = ''): void {
    super.logToStderr(visible(message));
  }

  override warn<T extends string | Error>(input: T): T {
    this.logToStderr(`llama: warning: ${typeof input === 'string' ? input : input.message}`);
    return input;
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${visibleJson(JSON.stringify(json, null, 2))}\n`);
  }

  protected override async catch(error: Error): Promise<void> {
    reportFailure(error, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const name of signalNames) process.off(name, this.#onSignal);
    await super.finally(error);
  }
}

interface GuardedFlag {
  readonly parse?: (text: string, context: unknown, flag: unknown) => Promise<unknown>;
}

/** Keeps what a flag's parser throws as it was thrown: oclif writes into its message. */
function guard(flag: GuardedFlag, refusal: { error?: ToolkitErrorShape; message?: string }): GuardedFlag {
  const { parse } = flag;
  if (parse === undefined) return flag;
  return {
    ...flag,
    async parse(text, context, options) {
      try {
        return await parse(text, context, options);
      } catch (error) {
        if (isToolkitError(error)) {
          refusal.error ??= error;
          refusal.message ??= error.message;
        }
        throw error;
      }
    },
  };
}

/** A suggestion that is one flag with its value becomes the whole command with that flag in place of what was typed. */
function completed(text: string, id: string, argv: readonly string[], flags: Record<string, FlagShape>): string {
  const [, name, value] = /^--([\w-]+) (\S+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) return text;
  const typed = scanArguments(argv, flags).find((item) => item.type === 'flag' && item.name === name);
  if (typed === undefined) return text;
  return commandLine(['llama', ...id.split(':'), ...argv.toSpliced(typed.at, typed.width, `--${name}`, value)]);
}
