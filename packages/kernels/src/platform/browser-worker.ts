// A worker of a browser: starts the kernels' thread with the first message.
import { runThread, type ThreadStart } from '../wasm/wasm-thread.js';
import { browser } from './browser-api.js';

browser.onmessage = ({ data }) => {
  const running = runThread(data as ThreadStart, (message) => browser.postMessage(message));
  // The page hears of errors, not of rejected promises.
  running.catch((error: unknown) => browser.reportError(error));
};
