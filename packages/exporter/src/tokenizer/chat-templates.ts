// Finds the chat templates of a checkpoint folder, where transformers finds them.

import { errnoOf, isObject, type JsonObject, joinPath, listFolder, ToolkitError } from '@llama-ts/base';
import { type TemplateFacts, type TokenizerData, templateFacts } from '@llama-ts/format';
import { END_OF_TURN } from '../convert/end-token.js';
import { readSmallFile, unreadable } from '../json-fields.js';

/** Real templates take under 20 kB. */
export const MAX_TEMPLATE_BYTES = 1024 * 1024;
/** Real checkpoints have three templates at most. */
export const MAX_TEMPLATES = 64;
const DEFAULT_FILE = 'chat_template.jinja';
/** Templates other than the default one, each in a file of its name. */
const TEMPLATE_FOLDER = 'additional_chat_templates';
const TEMPLATE_ENDING = '.jinja';
/** The special tokens that transformers gives a template, each as a variable. */
const TOKEN_FIELDS = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** The templates of a folder. */
export interface FolderTemplates extends TemplateFacts {
  readonly chatTemplate: string | null;
  /** Files that were read, relative to the folder. */
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads chat_template.jinja and additional_chat_templates, else what tokenizer_config.json holds: one template, or a list
 * of templates with names.
 *
 * @param config tokenizer_config.json; null without one
 * @throws ToolkitError `BAD_CHAT_TEMPLATE`, `FILE_UNREADABLE`
 */
export async function readChatTemplates(
  folder: string,
  config: JsonObject | null,
  signal: AbortSignal | undefined,
): Promise<FolderTemplates> {
  const files: string[] = [];
  const warnings: string[] = [];
  const ofFiles = await templateFiles(folder, files, signal);
  const templates = ofFiles.size > 0 ? ofFiles : configTemplates(config);
  const { default: chatTemplate = null, ...namedTemplates } = Object.fromEntries(templates);
  if (chatTemplate === null && (templates.size > 0 || config?.chat_template != null)) {
    const where = ofFiles.size > 0 ? joinPath(folder, TEMPLATE_FOLDER) : joinPath(folder, 'tokenizer_config.json');
    warnings.push(`${where}: no chat template is named "default"; the file will hold none`);
  }
  const templateTokens = chatTemplate === null && templates.size === 0 ? {} : specialTokens(config);
  return { chatTemplate, ...templateFacts({ namedTemplates, templateTokens }), files, warnings };
}

/** The template's special tokens that are not the default ones: the begin token's name, and `<|eot_id|>`. */
export function unusualTokens(
  { templateTokens = {}, tokenizer }: TemplateFacts & { readonly tokenizer: TokenizerData | null },
  bosId: number | null,
): Record<string, string> {
  const specials = tokenizer?.specialTokens ?? [];
  const usual = new Map([
    ['bos_token', specials.find(({ id }) => id === bosId)?.name],
    ['eos_token', specials.find(({ name }) => name === END_OF_TURN)?.name],
  ]);
  return Object.fromEntries(Object.entries(templateTokens).filter(([field, name]) => usual.get(field) !== name));
}

/** Whether a path in a repository is that of a template other than the default one. */
export function isNamedTemplate(path: string): boolean {
  const [folder, name, ...others] = path.split('/');
  return folder === TEMPLATE_FOLDER && name?.endsWith(TEMPLATE_ENDING) === true && others.length === 0;
}

async function templateFiles(folder: string, files: string[], signal: AbortSignal | undefined) {
  const templates = new Map<string, string>();
  const names = (await namesIn(joinPath(folder, TEMPLATE_FOLDER)))
    .filter((name) => name.endsWith(TEMPLATE_ENDING))
    .sort();
  if (names.length > MAX_TEMPLATES) {
    throw badTemplate(
      joinPath(folder, TEMPLATE_FOLDER),
      `${names.length} templates, expected at most ${MAX_TEMPLATES}`,
    );
  }
  const paths = [DEFAULT_FILE, ...names.map((name) => `${TEMPLATE_FOLDER}/${name}`)];
  for (const path of paths) {
    const file = joinPath(folder, path);
    const bytes = await readSmallFile(file, { code: 'BAD_CHAT_TEMPLATE', maxBytes: MAX_TEMPLATE_BYTES, signal });
    if (bytes === null) continue;
    files.push(path);
    const name = path === DEFAULT_FILE ? 'default' : path.slice(TEMPLATE_FOLDER.length + 1, -TEMPLATE_ENDING.length);
    templates.set(name, decodeTemplate(bytes, file));
  }
  return templates;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await listFolder(folder)).map(({ name }) => name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw unreadable(folder, `cannot be listed (${errnoOf(error)})`, error);
  }
}

function configTemplates(config: JsonObject | null): ReadonlyMap<string, string> {
  const template = config?.chat_template;
  if (typeof template === 'string') return new Map([['default', template]]);
  const entries = Array.isArray(template) ? (template as unknown[]).filter(isObject) : [];
  return new Map(
    entries.flatMap(({ name, template: source }) =>
      typeof name === 'string' && typeof source === 'string' ? [[name, source] as const] : [],
    ),
  );
}

function specialTokens(config: JsonObject | null): Record<string, string> {
  return Object.fromEntries(
    TOKEN_FIELDS.flatMap((field) => {
      const value = config?.[field];
      // An added token is an object with its text and its flags.
      const name = isObject(value) ? value.content : value;
      return typeof name === 'string' ? [[field, name] as const] : [];
    }),
  );
}

function decodeTemplate(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw badTemplate(path, 'is not UTF-8', cause);
  }
}

function badTemplate(path: string, problem: string, cause?: unknown): ToolkitError {
  return new ToolkitError('BAD_CHAT_TEMPLATE', `${path}: ${problem}`, {
    suggestions: ['download the file again, then run the same command again'],
    ...(cause === undefined ? {} : { cause }),
  });
}
