// Opens the conversation of llama chat: a new one, or a saved one.

import { isToolkitError } from '@llama-ts/base';
import { type CacheType, type Chat, createChat, type Model } from '@llama-ts/runtime';
import { chooseSeed } from '../flags/seed-flag.js';
import type { ChatFlags } from './chat-flags.js';
import { loadConversation } from './conversation-file.js';
import { continuedNotice } from './notices.js';

/**
 * A new conversation, or the one of `--session`, with a notice that it continues. A file that does not exist yet begins a new one.
 *
 * @throws ToolkitError what loadConversation and createChat throw
 */
export async function openConversation(
  model: Model,
  flags: ChatFlags,
  { notice, signal }: { readonly notice: (text: string) => void; readonly signal: AbortSignal },
): Promise<Chat> {
  const { system, session: path, steps, 'template-name': templateName } = flags;
  const contextLength = Math.min(steps || model.contextLength, model.contextLength);
  const seed = chooseSeed(flags.seed, Date.now());
  const loaded =
    path === undefined
      ? null
      : await loadConversation(model, path, { contextLength, signal }).catch((error: unknown) => {
          if (isToolkitError(error) && error.code === 'FILE_NOT_FOUND') return null;
          throw error;
        });
  if (loaded?.type === 'session') {
    const chat = createChat(model, {
      system,
      templateName,
      session: loaded.session,
      cacheType: flags['cache-type'] as CacheType | undefined,
    });
    notice(continuedNotice(path!, chat));
    return chat;
  }
  const chat = createChat(model, { system, templateName, seed, contextLength });
  if (loaded !== null) {
    chat.setMessages(loaded.messages);
    notice(continuedNotice(path!, chat));
  }
  return chat;
}
