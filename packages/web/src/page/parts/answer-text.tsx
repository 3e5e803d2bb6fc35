// The text of an answer: Markdown, block by block. While it comes, only its last block changes on the screen.

import type { JSX, TargetedMouseEvent } from 'preact';
import { useRef } from 'preact/hooks';
import { createBlockReader } from '../markdown/blocks.js';
import { lexMarkdown, renderMarkdown } from '../markdown/render.js';
import { copyText } from './copy.js';
import { memo } from './memo.js';

const COPIED_MS = 1500;

export function AnswerText({ text, isComing }: { readonly text: string; readonly isComing: boolean }): JSX.Element {
  const reader = useRef(createBlockReader(lexMarkdown));
  const blocks = reader.current.read(text.replace(/\r\n?/g, '\n'));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the buttons in it are clicked
    <div class={isComing ? 'prose is-coming' : 'prose'} onClick={copyCode}>
      {blocks.map((block, i) => (
        <Block key={i} text={block} />
      ))}
    </div>
  );
}

const Block = memo(({ text }: { readonly text: string }) => (
  <div class="block" dangerouslySetInnerHTML={{ __html: renderMarkdown(text) }} />
));

/** The copy buttons of code blocks. */
async function copyCode(event: TargetedMouseEvent<HTMLDivElement>): Promise<void> {
  const button = (event.target as Element).closest('button.copy');
  if (button === null) return;
  const code = button.closest('.code')!.querySelector('code')!.textContent;
  const isCopied = await copyText(code.replace(/\n$/, ''));
  button.textContent = isCopied ? 'Copied' : 'Not copied';
  setTimeout(() => {
    button.textContent = 'Copy';
  }, COPIED_MS);
}
