// A model in a tab of Chromium: opened, watched, and what the page says of its answers.

import type { Page } from 'playwright-core';

/** Opens a file in the tab through the page's dialog, and closes that. */
export async function openInTab(page: Page, file: string): Promise<void> {
  await page.getByRole('button', { name: 'Model', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('a model in this tab').click();
  await dialog.getByLabel('Model file').setInputFiles(file);
  await dialog.getByText(/ is ready: /).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

/** What the page says of the last answer, by name. */
export async function factsOf(page: Page): Promise<ReadonlyMap<string, string>> {
  const rows = await page.evaluate<[string, string][]>(`
    [...[...document.querySelectorAll('details.facts')].at(-1).querySelectorAll('dl > div')]
      .map((row) => [...row.children].map((cell) => cell.textContent))`);
  return new Map(rows);
}

/** Collects in `ended` how many passes began after each answer of a worker had been stopped. */
export async function watchWorkers(page: Page): Promise<void> {
  await page.addInitScript(`
    globalThis.ended = [];
    globalThis.Worker = class extends Worker {
      constructor(...args) {
        super(...args);
        this.addEventListener('message', ({ data }) => data?.type === 'end' && ended.push(data.passesAfterStop));
      }
    };`);
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
}
