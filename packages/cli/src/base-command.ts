// What every command shares: usage, interruption, JSON reports and the way failures are shown.

import { isToolkitError, ToolkitError, type ToolkitErrorShape } from '@llama-ts/format';
import { Command, type Interfaces } from '@oclif/core';
import { exitCodeOf } from './exit-codes.js';
import { leave } from './leave.js';
import { lostOutput } from './output-guard.js';
import { reportFailure } from './report-failure.js';
import { commandLine } from './shell-words.js';
import { visible, visibleJson } from './terminal-safe.js';
import { checkUsage } from './usage/check-usage.js';
import { type FlagShape, scanArguments } from './usage/scan-arguments.js';
import { wrapWords } from './wrap-words.js';

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
/** What cannot be stopped, such as a read from a device, may hold a signal up for so long. */
const GRACE_MS = 800;

/** A command that stops cleanly on Ctrl-C and fails in the toolkit's words. */
export abstract class BaseCommand extends Command {
  /** Whether the last argument is a text, whose words may have been left without quotes. */
  static endsWithText = false;

  #texts: readonly string[] = [];
  #shapes: Record<string, FlagShape> = {};
  readonly #interruption = new AbortController();
  readonly #onSignal = (name: EndingSignal): void => (name === 'SIGINT' ? this.interrupt() : this.#end(name));
  #stopsWithReader = false;
  #nFinishing = 0;
  #grace: NodeJS.Timeout | undefined;

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
    if (this.signal.aborted) leave(exitCodeOf(code), name);
    const reason = new ToolkitError(code, message);
    this.#interruption.abort(reason);
    this.#leaveSoon(reason, name);
  }

  /** Whatever the work waits for: a signal ends the command. */
  #leaveSoon(reason: ToolkitError, name: EndingSignal): void {
    this.#grace = setTimeout(() => {
      if (this.#nFinishing > 0) return this.#leaveSoon(reason, name);
      reportFailure(reason, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
      leave(exitCodeOf(reason.code), name);
    }, GRACE_MS);
    this.#grace.unref();
  }

  /** Work that a first signal waits for, however long it takes: what the user would lose otherwise. */
  protected async finishing<T>(work: () => Promise<T>): Promise<T> {
    this.#nFinishing++;
    try {
      return await work();
    } finally {
      this.#nFinishing--;
    }
  }

  /** For commands whose output is all there is: a reader that leaves ends the work, quietly; so does a full disk. */
  protected stopWithReader(): void {
    this.#stopsWithReader = true;
  }

  readonly #onOutputError = (error: NodeJS.ErrnoException): void => {
    if (!this.#stopsWithReader) return;
    if (error.code === 'EPIPE') this.#interruption.abort(new ToolkitError('BROKEN_PIPE', 'nobody reads the output'));
    else this.#interruption.abort(lostOutput());
  };

  protected override async init(): Promise<void> {
    await super.init();
    process.stdout.on('error', this.#onOutputError);
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
    this.#shapes = shapes;
    const refusal: { error?: ToolkitErrorShape; message?: string } = {};
    const guarded = Object.fromEntries(
      Object.entries(flags as Record<string, GuardedFlag>).map(([name, flag]) => [name, guard(flag, refusal)]),
    );
    try {
      return await super.parse({ ...options, flags: guarded } as Interfaces.Input<F, B, A>, argv);
    } catch (error) {
      if (refusal.error === undefined || refusal.error !== error) throw error;
      throw new ToolkitError(refusal.error.code, refusal.message!, refusal.error);
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
    const { isTTY, columns } = process.stderr;
    super.logToStderr(isTTY && columns > 0 ? wrapWords(visible(message), columns) : visible(message));
  }

  override warn<T extends string | Error>(input: T): T {
    this.logToStderr(`llama: warning: ${typeof input === 'string' ? input : input.message}`);
    return input;
  }

  override logJson(json: unknown): void {
    process.stdout.write(`${visibleJson(JSON.stringify(json, null, 2))}\n`);
  }

  protected override async catch(error: Error): Promise<void> {
    const complete = (text: string): string => completed(text, String(this.id), this.argv, this.#shapes);
    reportFailure(error, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG), complete });
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    clearTimeout(this.#grace);
    process.stdout.off('error', this.#onOutputError);
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

/** A suggestion that is one flag with its value becomes the whole command with that flag, in place of what was typed. */
function completed(text: string, id: string, argv: readonly string[], flags: Record<string, FlagShape>): string {
  const [, name, value] = /^--([\w-]+) (\S+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined || !Object.hasOwn(flags, name)) return text;
  const typed = scanArguments(argv, flags).find((item) => item.type === 'flag' && item.name === name);
  const end = argv.indexOf('--');
  const place = typed ?? { at: end < 0 ? argv.length : end, width: 0 };
  return commandLine(['llama', ...id.split(':'), ...argv.toSpliced(place.at, place.width, `--${name}`, value)]);
}
