// The flags of serve, and what the server is to be by them.

import { ToolkitError } from '@llama-ts/base';
import { Flags } from '@oclif/core';
import { cacheBytesFlag } from '../flags/byte-size-flag.js';
import { integer } from '../flags/number-flags.js';

const MAX_PORT = 65_535;
const DEFAULT_PORT = 8080;
const LOOPBACK = '127.0.0.1';
/** More would only wait for one another. @see EngineOptions of the runtime */
const MAX_PARALLEL = 1024;
const DEFAULT_PARALLEL = 8;
const DEFAULT_DRAIN_SECONDS = 30;
const MAX_DRAIN_SECONDS = 3600;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

const heading = { helpGroup: 'SERVER' };

export const serveFlags = {
  host: Flags.string({
    ...heading,
    helpValue: 'HOST',
    description: `listen on this address; default ${LOOPBACK}, which this machine alone reaches; others need a key`,
    exclusive: ['socket'],
  }),
  port: Flags.custom<number>({
    ...heading,
    helpValue: 'N',
    description: `listen on port N, 0 for a free one; default ${DEFAULT_PORT}`,
    exclusive: ['socket'],
    parse: integer({ min: 0, max: MAX_PORT }),
  })(),
  socket: Flags.string({ ...heading, helpValue: 'PATH', description: 'listen on a Unix socket instead of a port' }),
  'api-key-file': Flags.string({
    ...heading,
    helpValue: 'FILE',
    description: 'let in who brings a key of this file, one a line; else the key in LLAMA_API_KEY',
  }),
  'no-key': Flags.boolean({ ...heading, description: 'let everyone in, on any --host' }),
  'allow-host': Flags.string({
    ...heading,
    helpValue: 'NAME',
    description: 'answer to this name, beside localhost and addresses; repeatable',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'allow-origin': Flags.string({
    ...heading,
    helpValue: 'ORIGIN',
    description: 'let web pages of this origin call, such as http://localhost:3000; repeatable',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'no-page': Flags.boolean({ ...heading, description: 'leave out the page; only the API is served' }),
  alias: Flags.string({ ...heading, helpValue: 'NAME', description: "call the model so; default its file's name" }),
  parallel: Flags.custom<number>({
    ...heading,
    helpValue: 'N',
    description: `answer N requests at once, others wait; default ${DEFAULT_PARALLEL}`,
    parse: integer({ min: 1, max: MAX_PARALLEL }),
  })(),
  'cache-bytes': cacheBytesFlag({
    ...heading,
    helpValue: 'SIZE',
    description: 'keep up to SIZE of keys and values, for requests with the same beginning; default 512MiB, 0 for none',
  }),
  date: Flags.custom<Date>({
    ...heading,
    helpValue: 'YYYY-MM-DD',
    description: "have the chat template name this day; default today's in UTC, where it asks the clock",
    parse: date,
  })(),
  'drain-seconds': Flags.custom<number>({
    ...heading,
    helpValue: 'N',
    description: `at SIGTERM let answers go on for N seconds; default ${DEFAULT_DRAIN_SECONDS}`,
    parse: integer({ min: 0, max: MAX_DRAIN_SECONDS }),
  })(),
};

/** What a flag that was not typed says. */
export const serveDefaults = {
  host: LOOPBACK,
  port: DEFAULT_PORT,
  parallel: DEFAULT_PARALLEL,
  drainSeconds: DEFAULT_DRAIN_SECONDS,
} as const;

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A parser for a flag's `parse`. */
async function date(text: string): Promise<Date> {
  const [, year, month, day] = DATE.exec(text) ?? [];
  const time = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // 30 February becomes 1 March, and what is no date becomes no time.
  if (!Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)) return time;
  throw new ToolkitError('USAGE', `--date ${JSON.stringify(text)}: expected a day such as 2026-07-26`);
}
