// A worker of a browser: exports what the first message says, until it is done or told to end.

import { runExport } from '../browser/worker-export.js';
import type { ToWorker } from '../browser/worker-messages.js';
import { browser } from './browser-api.js';

const stopping = new AbortController();

browser.onmessage = ({ data }) => {
  const message = data as ToWorker;
  if (message.type === 'abort') return stopping.abort();
  const { source, options } = message;
  void runExport(source, options, { signal: stopping.signal, post: (answer) => browser.postMessage(answer) });
};
