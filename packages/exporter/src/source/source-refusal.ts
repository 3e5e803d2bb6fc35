// The error of a name that cannot be a source: what the name is instead, and a command that accepts it.

import {
  basename,
  dirname,
  joinPath,
  openFile,
  pathStatus,
  recogniseFormat,
  shellQuote,
  ToolkitError,
} from '@llama-ts/base';
import { redactUrl } from '../hub/redact.js';
import type { SourceName } from './read-source-name.js';

const MAGIC_BYTES = 32;
const EXAMPLE = 'llama export meta-llama/Llama-3.2-1B-Instruct';

/** Says why a name is no source of the kinds that are expected. */
export async function refuseSource(name: string, found: SourceName): Promise<ToolkitError> {
  const shown = redactUrl(name);
  if (found.kind === 'file') return refuseFile(name);
  if (found.kind === 'folder') {
    return sourceError(`${name}: is a folder, expected a file or a repository`, [`llama inspect ${shellQuote(name)}`]);
  }
  if (found.kind === 'repository') {
    return sourceError(`${shown}: is a repository of the hub, expected a file or folder on this machine`, [
      `llama export ${found.repo}`,
    ]);
  }
  if (found.kind === 'ollama') {
    return sourceError(`${shown}: is ollama's name of a model, expected a folder or a repository of the hub`, [
      `llama export ${found.repo}`,
    ]);
  }
  if (found.problem !== null) {
    return sourceError(`${shown}: ${found.problem}, expected one like https://huggingface.co/meta-llama/Llama-3.2-1B`, [
      EXAMPLE,
    ]);
  }
  return sourceError(
    name === ''
      ? 'the source is empty, expected a folder or an id like owner/name'
      : `${shown}: no such file or folder, and no id like owner/name`,
    found.repo === null ? [EXAMPLE] : [`llama export ${found.repo}`],
  );
}

async function refuseFile(path: string): Promise<ToolkitError> {
  const start = await firstBytes(path);
  const format = recogniseFormat(start);
  const folder = dirname(path);
  if (path.endsWith('.bin') && (format === null || format.id === 'bin' || format.id === 'safetensors')) {
    const out = `${basename(path).replace(/(.)\.bin$/, '$1')}.gguf`;
    return sourceError(`${path}: is a file, expected a folder of a checkpoint or a repository`, [
      `llama convert ${shellQuote(path)} ${shellQuote(out)} --to gguf`,
      `llama inspect ${shellQuote(path)}`,
    ]);
  }
  const hasCheckpoint = (await pathStatus(joinPath(folder, 'config.json')).catch(() => null)) !== null;
  return sourceError(`${path}: is a file, expected the folder of a checkpoint or a repository`, [
    ...(hasCheckpoint ? [`llama export ${shellQuote(folder)}`] : []),
    `llama inspect ${shellQuote(path)}`,
  ]);
}

/** The first bytes of a regular file; no bytes of anything else. */
async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await openFile(path).catch(() => null);
  if (file === null) return new Uint8Array(0);
  try {
    return await file.read(0, Math.min(MAGIC_BYTES, file.byteLength));
  } finally {
    await file.close();
  }
}

function sourceError(message: string, suggestions: readonly string[]): ToolkitError {
  return new ToolkitError('SOURCE_NOT_FOUND', message, { suggestions });
}
