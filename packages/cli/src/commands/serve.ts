// llama serve: OpenAI's API on a model.

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { ToolkitError } from '@llama-ts/base';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import type { Interfaces } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { templateNameFlag } from '../flags/chat-template-flag.js';
import { groupFlags } from '../flags/flag-groups.js';
import { modelArgument } from '../flags/model-argument.js';
import { modelFlags, openNamedModel } from '../flags/model-flags.js';
import { readApiKeys } from '../serve/api-keys.js';
import type { Place } from '../serve/listen.js';
import { isLoopback, serveDefaults, serveFlags } from '../serve/serve-flags.js';
import { parseModelName } from '../store/model-name.js';
import { visibleJson } from '../terminal/terminal-safe.js';

/** Requests that may wait beside those that run; a further one is refused with Retry-After. */
const MAX_WAITING = 256;

const { tokenizer, context, threads, backend, mmap, yes } = modelFlags;

/** What `--json` prints when the server answers, in one line. */
interface Ready {
  readonly address: string;
  readonly model: string;
  readonly backend: string;
  readonly pid: number;
}

type ServeFlags = Interfaces.InferredFlags<typeof Serve.flags>;

export default class Serve extends BaseCommand {
  static override description =
    "Serve OpenAI's API and a page to talk to the model; without MODEL, on the bundled sample model";
  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve model.bin --port 8000 --alias llama',
    '<%= config.bin %> serve model.bin --host 0.0.0.0 --api-key-file keys.txt',
  ];
  static override enableJsonFlag = true;
  static override args = { model: modelArgument };
  static override flags = {
    ...serveFlags,
    ...groupFlags({
      ...{ tokenizer, context, threads, backend, mmap, yes },
      'chat-template': modelFlags['chat-template'],
      ...templateNameFlag,
      'cache-type': modelFlags['cache-type'],
      'rope-theta': modelFlags['rope-theta'],
      'rope-scaling': modelFlags['rope-scaling'],
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Serve);
    const apiKeys = flags['no-key'] ? [] : await readApiKeys(flags['api-key-file'], process.env.LLAMA_API_KEY);
    const place = placeOf(flags, apiKeys);
    const model = await openNamedModel(args.model, flags, this.signal);
    try {
      for (const assumption of model.assumptions) this.logToStderr(assumption);
      const modelName = flags.alias ?? nameOf(args.model);
      await this.finishing(() => this.#serve(model, { place, apiKeys, modelName, flags }));
    } finally {
      await model.close();
    }
  }

  /** The line of `--json` is printed when the server is ready, and nothing at the end. */
  override logJson(): void {}

  async #serve(
    model: Model,
    { place, apiKeys, modelName, flags }: { place: Place; apiKeys: string[]; modelName: string; flags: ServeFlags },
  ): Promise<void> {
    const [{ createApiServer, templateDay }, { readPage }, { createEngine }, { listen }, { serveUntil }] =
      await Promise.all([
        import('@llama-ts/server'),
        import('@llama-ts/web'),
        import('@llama-ts/runtime'),
        import('../serve/listen.js'),
        import('../serve/serve-until.js'),
      ]);
    const engine = createEngine(model, {
      maxSequences: flags.parallel ?? serveDefaults.parallel,
      maxWaiting: MAX_WAITING,
      cacheBytes: flags['cache-bytes'],
    });
    const api = await createApiServer(engine, {
      model,
      modelName,
      apiKeys,
      allowedHosts: [...(flags['allow-host'] ?? []), ...('host' in place ? [place.host] : [])],
      allowedOrigins: flags['allow-origin'],
      dateString: flags.date && templateDay(flags.date),
      templateName: flags['template-name'],
      page: flags['no-page'] ? undefined : await readPage(),
      log: (entry) => process.stderr.write(`${visibleJson(JSON.stringify(entry))}\n`),
    });
    const listener = await listen(api, place);
    this.signal.addEventListener(
      'abort',
      () => this.#sayGoodbye(flags['drain-seconds'] ?? serveDefaults.drainSeconds),
      {
        once: true,
      },
    );
    this.#announce({ address: listener.address, model: modelName, backend: model.backend, pid: process.pid });
    try {
      await serveUntil(this.signal, api, listener, flags['drain-seconds'] ?? serveDefaults.drainSeconds);
    } finally {
      await engine.close();
    }
  }

  /** Tells a user at a terminal that the server is ending. The terminal has echoed ^C, so a line break comes first. */
  #sayGoodbye(drainSeconds: number): void {
    if (!process.stderr.isTTY) return;
    this.logToStderr(`\nending: answers under way have ${drainSeconds} s; Ctrl-C again ends them`);
  }

  #announce(ready: Ready): void {
    if (this.jsonEnabled()) process.stdout.write(`${visibleJson(JSON.stringify(ready))}\n`);
    else this.log(`${ready.model} at ${ready.address}`);
  }
}

/** @throws ToolkitError `USAGE` for an address that others reach, without a key */
function placeOf({ socket, host = serveDefaults.host, port, 'no-key': noKey }: ServeFlags, keys: string[]): Place {
  if (socket !== undefined) return { path: socket };
  if (keys.length === 0 && !noKey && !isLoopback(host)) {
    throw new ToolkitError(
      'USAGE',
      `--host ${host} without a key: others reach it, expected --api-key-file FILE, or --no-key to let everyone in`,
    );
  }
  return { host, port: port ?? serveDefaults.port };
}

/** `model` for `folder/model.bin`, `ORG/NAME:q8` as it is. */
function nameOf(name: string | undefined): string {
  if (name === undefined) return sampleModelName;
  return parseModelName(name) !== null && !existsSync(name) ? name : basename(name).replace(/\.bin$/i, '');
}
