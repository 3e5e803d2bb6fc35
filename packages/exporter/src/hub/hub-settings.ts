// Reads the Python client's environment variables, by its rules, from an environment that is passed in.

import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { errnoOf, shellQuote, ToolkitError } from '@llama-ts/base';
import { DEFAULT_ENDPOINT } from './connection.js';

/** Where the hub and its cache are. */
export interface HubSettings {
  /** The value of `HF_TOKEN`, if set. */
  readonly token: string | undefined;
  /** File to read a token from without `HF_TOKEN`; undefined if HF_HUB_DISABLE_IMPLICIT_TOKEN is set. */
  readonly tokenPath: string | undefined;
  readonly endpoint: string;
  readonly cacheDir: string;
  readonly offline: boolean;
}

/**
 * Settings of an environment. Empty variables count as unset.
 *
 * @param env like `process.env`
 * @param homedir like `os.homedir()`
 * @see https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
export function hubSettingsFromEnv(env: Readonly<Record<string, string | undefined>>, homedir: string): HubSettings {
  const path = (name: string, fallback: string) => expandPath(env[name] || fallback, env, homedir);
  // Ignored when relative, as the XDG Base Directory Specification demands. HF_HOME may be relative, as in Python.
  const xdgCache = expandPath(env.XDG_CACHE_HOME || '', env, homedir);
  const home = path('HF_HOME', join(isAbsolute(xdgCache) ? xdgCache : join(homedir, '.cache'), 'huggingface'));
  const isImplicit = !isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN);
  const token = cleanToken(env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN || '');
  return {
    token: isImplicit ? token : undefined,
    tokenPath: isImplicit ? path('HF_TOKEN_PATH', join(home, 'token')) : undefined,
    endpoint: (env.HF_ENDPOINT || DEFAULT_ENDPOINT).replace(/\/+$/, ''),
    cacheDir: path('HF_HUB_CACHE', env.HUGGINGFACE_HUB_CACHE || join(home, 'hub')),
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
  };
}

/** The token to use: the environment's, else the token file's, else none. @throws ToolkitError `BAD_TOKEN` */
export async function readHubToken({ token, tokenPath }: HubSettings): Promise<string | undefined> {
  if (token !== undefined || tokenPath === undefined) return token;
  try {
    return cleanToken(await readFile(tokenPath, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    throw new ToolkitError('BAD_TOKEN', `${tokenPath}: the token file cannot be read (${errnoOf(error)})`, {
      suggestions: [`make it readable: chmod u+r ${shellQuote(tokenPath)}`, 'set the token: export HF_TOKEN=TOKEN'],
    });
  }
}

function cleanToken(text: string): string | undefined {
  return text.replace(/[\r\n]/g, '').trim() || undefined;
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes((value ?? '').toUpperCase());
}

/** `~`, `$NAME` and `${NAME}` as Python's expanduser and expandvars have them. */
function expandPath(path: string, env: Readonly<Record<string, string | undefined>>, homedir: string): string {
  return path
    .replace(/^~(?=$|[\\/])/, () => homedir)
    .replace(/\$(?:(\w+)|\{([^}]*)\})/g, (text, plain?: string, braced?: string) => env[plain ?? braced!] ?? text);
}
