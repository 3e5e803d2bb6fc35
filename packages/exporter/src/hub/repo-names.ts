// Checks the names that become addresses and paths of the cache: repository ids, revisions and files of a listing.

import { ToolkitError } from '@llama-ts/base';
import { redactUrl } from './redact.js';

const EXAMPLE_ID = 'meta-llama/Llama-3.2-1B-Instruct';
/** The hub's own rule: parts of at most 96 characters that neither start nor end with a dash or a dot. */
const REPO_ID = /^(?:[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?\/)?[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/;
const MAX_REVISION_LENGTH = 256;
/** Git's own limits on a file's path are wider; real checkpoints stay far below. */
const MAX_PATH_LENGTH = 1_024;

/** Whether a text is an id by the hub's rules, with an owner or without. */
export function isRepoId(repo: string): boolean {
  return REPO_ID.test(repo) && !repo.includes('--') && !repo.includes('..') && !repo.endsWith('.git');
}

/** @returns the id as given. @throws ToolkitError `BAD_REPO_ID` */
export function checkRepoId(repo: string): string {
  if (isRepoId(repo)) return repo;
  const suggestion = idInUrl(repo) ?? EXAMPLE_ID;
  throw new ToolkitError(
    'BAD_REPO_ID',
    `repository ${JSON.stringify(redactUrl(repo))}: expected an id like owner/name`,
    {
      suggestions: [`use the id alone: ${suggestion}`],
    },
  );
}

/** @returns the revision as given. @throws ToolkitError `BAD_REVISION` */
export function checkRevision(revision: string): string {
  // Characters that git forbids in a reference, and those that would leave the folder of references.
  const isSafe = revision.length <= MAX_REVISION_LENGTH && !/[\u0000-\u0020\u007f~^:?*[\]\\@#%]/.test(revision);
  if (isSafe && hasPlainSegments(revision)) return revision;
  throw new ToolkitError(
    'BAD_REVISION',
    `revision ${JSON.stringify(redactUrl(revision))}: expected a branch, tag or commit`,
    {
      suggestions: ['take the default: --revision main'],
    },
  );
}

/** Why a file's path of a listing may not be followed, or null. */
export function repoPathProblem(path: string): string | null {
  if (path.length > MAX_PATH_LENGTH) return `has ${path.length} characters, expected at most ${MAX_PATH_LENGTH}`;
  if (path.includes('\\')) return 'has a backslash';
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'has a control character';
  if (/^[a-z]:/i.test(path)) return 'starts like a drive';
  return hasPlainSegments(path) ? null : 'has an empty, "." or ".." part';
}

/** Whether a text is a full commit id. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

function hasPlainSegments(path: string): boolean {
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

/** The id in a pasted address of a model's page, if there is one. */
function idInUrl(text: string): string | null {
  const [, id] = /^(?:https?:\/\/)?(?:[^/@]*@)?(?:huggingface\.co|hf\.co)\/([\w.-]+\/[\w.-]+)/.exec(text) ?? [];
  return id !== undefined && REPO_ID.test(id) ? id : null;
}
