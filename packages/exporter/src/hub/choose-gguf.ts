// Chooses the GGUF file of a repository, or all parts of a split one.

import { basename, dirname, joinPath, matchesName, shellQuote, ToolkitError } from '@llama-ts/base';
import { splitFileNames } from '@llama-ts/gguf';
import { weightFilesOf } from '../checkpoint/weight-files.js';

/** Names that a message or its suggestions list. */
const MAX_LISTED = 5;

/** A repository's files. */
export interface GgufChoice {
  readonly repo: string;
  readonly paths: readonly string[];
  /** Pattern of a path or of its last part: `*` stands for any characters, `?` for one; default: none is named. */
  readonly pattern: string | undefined;
}

/**
 * Paths of the chosen file, or of all its parts; null where safetensors are to be read, as no file is named, or none is GGUF.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT` where several files may be meant; `HUB_FILE_NOT_FOUND` where none is
 */
export function chooseGguf({ repo, paths, pattern }: GgufChoice): readonly string[] | null {
  const models = modelsOf(paths);
  if (pattern === undefined) {
    const isCheckpoint = paths.includes('config.json') && weightFilesOf(paths) !== null;
    if (isCheckpoint || models.length === 0) return null;
    if (models.length === 1) return models[0]!;
    throw several(repo, models, 'GGUF files');
  }
  const matching = models.filter((parts) =>
    parts.some((path) => matchesName(pattern, path) || matchesName(pattern, basename(path))),
  );
  if (matching.length === 1) return matching[0]!;
  if (matching.length > 1) throw several(repo, matching, `GGUF files that ${JSON.stringify(pattern)} names`);
  const found = models.length === 0 ? 'it holds none' : `it holds ${listed(models)}`;
  throw new ToolkitError('HUB_FILE_NOT_FOUND', `${repo}: no GGUF file is named ${JSON.stringify(pattern)}; ${found}`, {
    suggestions: models.length === 0 ? ['leave out --file'] : named(models),
  });
}

/** The parts of each model, in the order of the listing. */
function modelsOf(paths: readonly string[]): readonly (readonly string[])[] {
  const models = new Map<string, readonly string[]>();
  for (const path of paths.filter((name) => /\.gguf$/i.test(name))) {
    const names = splitFileNames(basename(path));
    const parts = path.includes('/') ? names.map((name) => joinPath(dirname(path), name)) : names;
    models.set(parts[0]!, parts);
  }
  return [...models.values()];
}

function several(repo: string, models: readonly (readonly string[])[], what: string): ToolkitError {
  const message = `${repo}: holds ${models.length} ${what} (${listed(models)}), expected one to be named`;
  return new ToolkitError('NOT_A_CHECKPOINT', message, { suggestions: named(models) });
}

function named(models: readonly (readonly string[])[]): string[] {
  return models.slice(0, MAX_LISTED).map(([path]) => `--file ${shellQuote(path!)}`);
}

function listed(models: readonly (readonly string[])[]): string {
  const more = models.length - MAX_LISTED;
  const names = models.slice(0, MAX_LISTED).map(([path]) => path!);
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
