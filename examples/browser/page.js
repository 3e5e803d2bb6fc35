// A page that continues a prompt with a model of this computer's disk: no server takes part, and the tab stays usable.

import { generate, openModel } from '@llama-ts/runtime';

const [file, prompt, start, stop, status, answer] = ['file', 'prompt', 'start', 'stop', 'status', 'answer'].map((id) =>
  document.getElementById(id),
);
let model = null;
let stopping = new AbortController();

file.addEventListener('change', () => attempt(open));
start.addEventListener('click', () => attempt(write));
stop.addEventListener('click', () => stopping.abort());

async function open() {
  start.disabled = true;
  await model?.close();
  model = null;
  const [chosen] = file.files;
  if (chosen === undefined) return;
  status.textContent = `Opening ${chosen.name}…`;
  model = await openModel(chosen);
  start.disabled = false;
  // 0 threads: the page is not cross-origin isolated, and computes between its other tasks.
  status.textContent = `${model.backend}, threads: ${model.threads}`;
}

async function write() {
  start.disabled = true;
  stopping = new AbortController();
  answer.replaceChildren();
  const { signal } = stopping;
  try {
    for await (const event of generate(model, prompt.value, { temperature: 0, maxTokens: 40, signal })) {
      if (event.type === 'token') show(event.text, event.id);
      if (event.type === 'end') show(event.text);
    }
  } finally {
    start.disabled = false;
  }
}

/** Adds text to the answer; its title is the token's id. */
function show(text, id) {
  const part = document.createElement('span');
  part.textContent = text;
  if (id !== undefined) part.title = id;
  answer.append(part);
}

/** Shows what goes wrong, and what to do about it. */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (stopping.signal.aborted) return;
    status.textContent = [error.message, ...(error.suggestions ?? [])].join('\n');
  }
}
