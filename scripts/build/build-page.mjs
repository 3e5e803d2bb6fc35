// npm run build:page [FOLDER]: the page as a folder for any host of static files; default dist/page.
//
// Such a host sends no policy and answers no request for an answer. So the HTML has the policy, which lets the page fetch
// weights and talk to servers elsewhere, and says that the page's own host has no API.

import fs from 'node:fs';
import path from 'node:path';
import { root } from '../npm.mjs';
import { bundlePage } from './bundle-page.mjs';

const POLICY = [
  "default-src 'none'",
  ...["script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self'", "connect-src 'self' https: http:"],
  ...["worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'"],
].join('; ');
const HEAD = `<meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
    <meta name="llama-page" content="static" />`;

const [given = path.join(root, 'dist/page')] = process.argv.slice(2);
const output = path.resolve(given);
const marker = path.join(output, 'service-worker.js');
if (fs.existsSync(output) && fs.readdirSync(output).length > 0 && !fs.existsSync(marker)) {
  console.error(
    `build:page: ${given} holds other files, expected a new folder, an empty one or one of an earlier build`,
  );
  console.error('  try: npm run build:page -- NEW_FOLDER');
  process.exit(1);
}
const { files, licenses } = await bundlePage(path.join(root, 'packages/web/src/page'), output, toHtml);
fs.rmSync(output, { recursive: true, force: true });
for (const [file, contents] of files) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, contents);
}
fs.writeFileSync(path.join(output, 'LICENSES.txt'), licenses);
console.log(path.relative(process.cwd(), output) || '.');

function toHtml(html) {
  const replaced = html.replace('<meta charset="utf-8" />', HEAD);
  if (replaced === html) throw new Error('index.html: no <meta charset="utf-8" />');
  return replaced;
}
