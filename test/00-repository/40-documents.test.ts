// Documents: every link leads to a file and to a heading in it, and every page of docs/ is in its index.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '../..');
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((page) => fs.existsSync(path.join(root, page)));

describe('the documents', () => {
  it('link to files and headings that exist', () => {
    const broken = pages.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`));
    assert.deepEqual(broken, []);
  });

  it('of docs/ are all listed in docs/README.md', () => {
    const index = fs.readFileSync(path.join(root, 'docs/README.md'), 'utf8');
    const unlisted = fs
      .readdirSync(path.join(root, 'docs'))
      .filter((name) => name.endsWith('.md') && name !== 'README.md' && !index.includes(`(${name})`));
    assert.deepEqual(unlisted, []);
  });
});

/** Links of a page to files of the repository that are not there, or to headings that those files do not have. */
function brokenLinks(page: string): string[] {
  const text = fs.readFileSync(path.join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!).filter((link) => isBroken(page, link));
}

function isBroken(page: string, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return false;
  const [name = '', anchor] = link.split('#');
  const file = name === '' ? path.join(root, page) : path.join(root, path.dirname(page), name);
  if (!fs.existsSync(file)) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

/** Anchors that the public host makes of a page's headings. */
function anchorsOf(file: string): string[] {
  const headings = fs.readFileSync(file, 'utf8').match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}
