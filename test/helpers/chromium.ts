// Starts Chromium for tests of pages.

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** Debian's; CHROMIUM names another one. `.ci/run` installs it and sets CHROMIUM, so that nothing is skipped there. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Starts it; null where it is not installed, which skips the tests. */
export async function launchChromium(): Promise<Browser | null> {
  return isThere() ? chromium.launch({ executablePath, args }) : null;
}

/** Starts it with a profile in a folder, whose files are on the disk: windows of a launched browser are private ones. */
export async function launchProfile(folder: string): Promise<BrowserContext | null> {
  return isThere() ? chromium.launchPersistentContext(folder, { executablePath, args }) : null;
}

function isThere(): boolean {
  if (process.env.CHROMIUM !== undefined || existsSync(executablePath)) return true;
  console.log(`    ${executablePath} is not there: the page is not opened (apt-get install chromium)`);
  return false;
}
