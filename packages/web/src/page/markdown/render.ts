// Markdown as HTML that can do nothing: no scripts, no pictures from elsewhere, links that open apart. What a model writes
// as HTML is shown as it was written.

import DOMPurify from 'dompurify';
import { Marked, type Tokens } from 'marked';

/** Addresses that a link may have. */
const LINK = /^(?:https?:\/\/|mailto:)/i;

const marked = new Marked({
  gfm: true,
  // Models end a line where they mean it.
  breaks: true,
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escaped(text),
    image: ({ href, text }: Tokens.Image) => link(href, escaped(text === '' ? href : text)),
    link({ href, tokens }: Tokens.Link) {
      return link(href, this.parser.parseInline(tokens));
    },
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? '☑ ' : '☐ '),
    code({ text, lang }: Tokens.Code) {
      const language = escaped(/^\S*/.exec(lang ?? '')![0]);
      return `<div class="code"><div class="code-head"><span>${language}</span><button type="button" class="copy">Copy</button></div><pre tabindex="0"><code>${escaped(text)}\n</code></pre></div>`;
    },
    table({ header, rows }: Tokens.Table) {
      const row = (cells: readonly Tokens.TableCell[]): string =>
        `<tr>${cells.map((cell) => this.tablecell(cell)).join('')}</tr>`;
      return `<div class="table" tabindex="0"><table><thead>${row(header)}</thead><tbody>${rows.map(row).join('')}</tbody></table></div>`;
    },
  },
});

const clean = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'a', 'div', 'span', 'button'],
    ...['ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  ALLOWED_ATTR: ['href', 'target', 'rel', 'class', 'type', 'tabindex', 'start', 'align'],
  ALLOWED_URI_REGEXP: LINK,
  // DOMPurify would otherwise accept only addresses as values of these attributes.
  ADD_URI_SAFE_ATTR: ['target', 'rel', 'type', 'tabindex', 'start', 'align'],
};

/** HTML of a block. */
export function renderMarkdown(text: string): string {
  return DOMPurify.sanitize(marked.parse(text, { async: false }), clean);
}

/** The tokens of a text. */
export function lexMarkdown(text: string): readonly import('marked').Token[] {
  return marked.lexer(text);
}

function link(href: string, html: string): string {
  if (!LINK.test(href)) return html;
  return `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer">${html}</a>`;
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character]!);
}
