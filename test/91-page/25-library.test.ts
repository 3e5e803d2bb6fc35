// The conversations of a tab beside those of others, without a browser.

import { strict as assert } from 'node:assert';
import { newAnswer, newUserMessage, withChanges } from '../../packages/web/src/page/conversation/conversation.js';
import { readTransfer } from '../../packages/web/src/page/conversation/transfer.js';
import { createLibrary, type Library } from '../../packages/web/src/page/state/library.js';
import type { OtherTabs } from '../../packages/web/src/page/state/other-tabs.js';
import { createMemoryStorage } from '../../packages/web/src/page/storage/memory-storage.js';
import type { Storage } from '../../packages/web/src/page/storage/storage.js';

interface Tab {
  readonly library: Library;
  readonly failures: string[];
  readonly removed: string[];
}

/** Tabs that share a storage; `isDeaf` ones hear nothing of the others. */
function browser(storage: Storage) {
  const listeners = new Map<number, (id: string) => void>();
  let nTabs = 0;
  return async (isDeaf = false): Promise<Tab> => {
    const own = nTabs++;
    const tabs: OtherTabs = {
      watch: (callback) => void (isDeaf || listeners.set(own, callback)),
      tell(id) {
        for (const [tab, callback] of listeners) if (tab !== own) callback(id);
      },
      stop() {},
      hold: () => () => undefined,
      comingElsewhere: async () => new Set(),
      whenOver: async () => undefined,
    };
    const failures: string[] = [];
    const removed: string[] = [];
    const library = await createLibrary(storage, tabs, {
      onChange() {},
      onRemoved: (id) => removed.push(id),
      onFailure: (error) => failures.push((error as Error).message),
    });
    return { library, failures, removed };
  };
}

/** Says something in a conversation; returns the id of the message. */
async function say({ library }: Tab, id: string, text: string, parent: string | null): Promise<string> {
  const message = newUserMessage(library.get(id)!.messages, parent, text);
  const chosen = { ...library.get(id)!.conversation.chosen, [parent ?? '']: message.id };
  await library.change(id, { chosen, updatedAt: message.createdAt }, [message]);
  return message.id;
}

/** A tab in which a conversation has its first message. */
async function begun() {
  const storage = createMemoryStorage();
  const open = browser(storage);
  const one = await open();
  const { id } = one.library.begin().conversation;
  return { storage, open, one, id, first: await say(one, id, 'first', null) };
}

const textsIn = ({ library }: Tab, id: string): string[] =>
  Array.from(library.get(id)!.messages.values(), ({ content }) => content).sort();

describe('the conversations of a tab', () => {
  it('take over what another tab has written, and lose nothing of their own', async () => {
    const { storage, open, one, id, first } = await begun();
    const other = await open();
    await other.library.open(id);
    await Promise.all([say(one, id, 'of one', first), say(other, id, 'of the other', first)]);
    // Whatever is under way is written before this is.
    for (const tab of [one, other, one, other]) await tab.library.change(id, {});
    for (const tab of [one, other]) assert.deepEqual(textsIn(tab, id), ['first', 'of one', 'of the other']);
    assert.equal((await storage.messages(id)).length, 3);
  });

  it('change what is stored, and not what they last saw of it', async () => {
    const { storage, open, one, id, first } = await begun();
    const deaf = await open(true);
    await deaf.library.open(id);
    await one.library.change(id, { title: 'renamed' });
    const second = await say(one, id, 'second', first);
    await deaf.library.change(id, { settings: { ...deaf.library.get(id)!.conversation.settings, seed: '7' } });
    const stored = (await storage.conversation(id))!;
    assert.deepEqual([stored.title, stored.settings.seed], ['renamed', '7']);
    assert.deepEqual(stored.chosen, { '': first, [first]: second });
    await deaf.library.reload();
    assert.deepEqual(textsIn(deaf, id), ['first', 'second']);
    assert.equal(deaf.library.get(id)!.conversation.title, 'renamed');
  });

  it('do not bring back one that another tab has removed', async () => {
    const { storage, open, one, id, first } = await begun();
    const deaf = await open(true);
    await deaf.library.open(id);
    await one.library.remove(id);
    await say(deaf, id, 'second', first);
    assert.deepEqual([deaf.removed, await storage.conversations(), await storage.messages(id)], [[id], [], []]);
    assert.equal(deaf.library.get(id), null);
  });

  it('are written as a whole after a change that could not be kept, so that no message follows one that is missing', async () => {
    const storage = createMemoryStorage();
    let isFull = false;
    const failing: Storage = {
      ...storage,
      async change(...args) {
        if (isFull) throw new Error('the quota is exceeded');
        return storage.change(...args);
      },
    };
    const tab = await browser(failing)();
    const { id } = tab.library.begin().conversation;
    const first = await say(tab, id, 'first', null);
    isFull = true;
    const second = await say(tab, id, 'second', first);
    isFull = false;
    await say(tab, id, 'third', second);
    assert.deepEqual(tab.failures, ['the quota is exceeded']);
    const texts = (await storage.messages(id)).map(({ content }) => content);
    assert.deepEqual(texts.sort(), ['first', 'second', 'third']);
    assert.equal(readTransfer(await tab.library.write(id)).length, 1);
  });

  it('keep the answer that comes in this tab as it is, whatever is stored of it', async () => {
    const { open, one, id, first } = await begun();
    const answer = newAnswer(one.library.get(id)!.messages, first);
    await one.library.change(id, {}, [answer]);
    one.library.show(id, [{ ...answer, content: 'so far' }]);
    const other = await open();
    await other.library.open(id);
    await other.library.change(id, { title: 'renamed' });
    await one.library.reload();
    assert.deepEqual(textsIn(one, id), ['first', 'so far']);
    assert.equal(one.library.get(id)!.conversation.title, 'renamed');
  });

  it('take conversations of a file that have the same id apart', async () => {
    const tab = await browser(createMemoryStorage())();
    const { id } = tab.library.begin().conversation;
    await say(tab, id, 'first', null);
    const file = JSON.parse(await tab.library.write(id)) as { conversations: { messages: { content: string }[] }[] };
    const [conversation] = file.conversations;
    const twice = [1, 2].map((n) => ({
      ...conversation,
      id: 'same',
      messages: [{ ...conversation!.messages[0], content: `file ${n}` }],
    }));
    const ids = await tab.library.read(JSON.stringify({ ...file, conversations: twice }));
    for (const one of ids) await tab.library.open(one);
    assert.deepEqual(
      ids.map((one) => textsIn(tab, one)),
      [['file 1'], ['file 2']],
    );
  });
});

describe('a change of a conversation', () => {
  it('adds choices, and makes it no older', async () => {
    const { library } = await browser(createMemoryStorage())();
    const { conversation } = library.begin();
    const stored = { ...conversation, chosen: { '': 'a', a: 'b' }, updatedAt: 5 };
    const changed = withChanges(stored, { chosen: { a: 'c' }, updatedAt: 3, title: 't' });
    assert.deepEqual([changed.chosen, changed.updatedAt, changed.title], [{ '': 'a', a: 'c' }, 5, 't']);
  });
});
