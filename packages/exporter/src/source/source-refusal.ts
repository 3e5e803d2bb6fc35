// The error of a name that cannot be a source: what the name is instead, and the command that goes on.

import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describeForeignBytes, ToolkitError } from '@llama-ts/format';
import { redactUrl } from '../hub/redact.js';
import { shellWord } from '../shell-word.js';
import type { SourceName } from './read-source-name.js';

const MAGIC_BYTES = 32;
const EXAMPLE = 'llama export meta-llama/Llama-3.2-1B-Instruct';

/** Says why a name is no folder of a checkpoint and no repository. */
export async function refuseSource(
  name: string,
  found: Exclude<SourceName, { kind: 'folder' | 'repository' }>,
): Promise<ToolkitError> {
  const shown = redactUrl(name);
  if (found.kind === 'file') return refuseFile(name);
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
  const what = describeForeignBytes(start);
  const folder = dirname(path);
  if (what?.startsWith('a GGUF')) {
    return sourceError(`${path}: is ${what}, expected a folder with config.json and safetensors`, [
      `llama inspect ${shellWord(path)}`,
      `the model that it was made from, such as: ${EXAMPLE}`,
    ]);
  }
  if (path.endsWith('.bin') && (what === null || what === 'a safetensors file')) {
    const out = `${basename(path, '.bin')}.gguf`;
    return sourceError(`${path}: is a file, expected a folder of a checkpoint or a repository`, [
      `llama convert ${shellWord(path)} ${shellWord(out)} --to gguf`,
      `llama inspect ${shellWord(path)}`,
    ]);
  }
  const hasCheckpoint = (await stat(join(folder, 'config.json')).catch(() => null)) !== null;
  return sourceError(`${path}: is a file, expected the folder of a checkpoint or a repository`, [
    ...(hasCheckpoint ? [`llama export ${shellWord(folder)}`] : []),
    `llama inspect ${shellWord(path)}`,
  ]);
}

async function firstBytes(path: string): Promise<Uint8Array> {
  // Opening a pipe would wait for a writer.
  if (!(await stat(path).catch(() => null))?.isFile()) return new Uint8Array(0);
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return new Uint8Array(0);
  try {
    const bytes = new Uint8Array(MAGIC_BYTES);
    const { bytesRead } = await file.read(bytes, 0, MAGIC_BYTES, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function sourceError(message: string, suggestions: readonly string[]): ToolkitError {
  return new ToolkitError('SOURCE_NOT_FOUND', message, { suggestions });
}
