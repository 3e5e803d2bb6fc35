// What every command shares: interruption, JSON reports and the way failures are shown.

import { ToolkitError } from '@llama-ts/format';
import { Command } from '@oclif/core';
import { exitCodeOf } from './exit-codes.js';
import { reportFailure } from './report-failure.js';

/** Signals that ask a program to end, and the error each becomes. What is half written is removed. */
const endingSignals = {
  SIGINT: { code: 'INTERRUPTED', message: 'interrupted' },
  SIGTERM: { code: 'TERMINATED', message: 'ended by a request of the system' },
  SIGHUP: { code: 'HUNG_UP', message: 'ended, as its terminal was closed' },
} as const;
type EndingSignal = keyof typeof endingSignals;
const signalNames = Object.keys(endingSignals) as EndingSignal[];

/** A command that stops cleanly on Ctrl-C and fails in the toolkit's words. */
export abstract class BaseCommand extends Command {
  readonly #interruption = new AbortController();
  readonly #onSignal = (name: EndingSignal): void => (name === 'SIGINT' ? this.interrupt() : this.#end(name));

  /** Aborted by Ctrl-C and by requests to end; its reason decides the exit code. */
  protected get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  /** Ctrl-C. Once stops the work, which cleans up behind itself; a second time leaves at once. */
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

  protected override async catch(error: Error): Promise<void> {
    reportFailure(error, { json: this.jsonEnabled(), debug: Boolean(process.env.DEBUG) });
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const name of signalNames) process.off(name, this.#onSignal);
    await super.finally(error);
  }
}
