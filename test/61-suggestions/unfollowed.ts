// Suggestions that no test can follow, each with the reason: to be as few as can be.

export const unfollowed: readonly (readonly [site: string, reason: string])[] = [
  [
    'packages/web/src/page/tab/check-file.ts [BAD_CHECKSUM] copy or download the file again: this one is damaged',
    "a browser's: test/91-page opens the file again, whole",
  ],
  [
    'packages/base/src/platform/browser.ts [FILE_NOT_FOUND] fetch it: await (await fetch(…)).blob()',
    "a browser's: test/59-browser follows it",
  ],
  [
    'packages/kernels/src/platform/browser.ts [any code] serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    "a browser's: test/59-browser follows it",
  ],
  [
    'packages/browser/src/failures.ts [STORE_FAILED] serve the page over https or from localhost, and open it in a window that is not private',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/failures.ts [DISK_FULL] remove a model that store.list() shows: store.remove(NAME)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/failures.ts [OUTPUT_BUSY] abort the download or close the other tab, then call again: store.remove(NAME)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/failures.ts [NO_CHECKSUMS] make one that holds them: llama export MODEL.bin --hf REPO_OR_DIR',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/failures.ts [NO_CHECKSUMS] take it as it comes: store.fetch(URL, { unchecked: true })',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/failures.ts [BAD_CHECKSUM] the file on the server is damaged, upload it again and call again: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/failures.ts [SOURCE_CHANGED] wait until nothing writes to the file, then call again: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    "packages/browser/src/download/http-failures.ts [HUB_UNAUTHORIZED] with a token: store.fetch(URL, { headers: { Authorization: 'Bearer TOKEN' } })",
    "a browser's: test/92-browser-store follows it",
  ],
  [
    "packages/browser/src/download/http-failures.ts [HUB_FORBIDDEN] with a token that may read it: store.fetch(URL, { headers: { Authorization: 'Bearer TOKEN' } })",
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/download/http-failures.ts [HUB_FILE_NOT_FOUND] correct the address: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/download/http-failures.ts [HUB_NETWORK] check the connection, then call again: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/download/http-failures.ts [HUB_NETWORK] where the file is on another host, have it answer with Access-Control-Allow-Origin',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/download/http-failures.ts [HUB_BAD_RESPONSE] where a proxy or a login page answers, sign in there, then call again: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/download/http-failures.ts [HUB_RATE_LIMITED] wait a few minutes, then call again: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/download/http-failures.ts [HUB_UNAVAILABLE] wait a few minutes, then call again: store.fetch(URL)',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/start-download.ts [STORE_FAILED] copy node_modules/@llama-ts/browser/dist/download-worker.js to where the page has its script',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/browser/src/model-store.ts [NOT_IN_STORE] see which there are: store.list()',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/runtime/src/model/memory-plan.ts [MODEL_TOO_LARGE_FOR_WASM] four bits of it fit: llama export MODEL.bin --hf REPO_OR_DIR --version 3',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/runtime/src/model/memory-plan.ts [MODEL_TOO_LARGE_FOR_WASM] take a model of fewer parameters, such as one of 1B or 3B in v3',
    "a browser's: test/92-browser-store follows it",
  ],
  [
    'packages/exporter/src/browser/chosen-folder.ts [INVALID_ARGUMENT] take the files of <input type=file webkitdirectory>: folderOfFiles(input.files)',
    "a page's: test/59-browser follows it",
  ],
  [
    'packages/exporter/src/browser/chosen-folder.ts [INVALID_ARGUMENT] let it be dropped on the page: droppedFolder(event.dataTransfer.items)',
    "a page's: test/59-browser follows it",
  ],
  [
    'packages/exporter/src/platform/browser-output.ts [OUTPUT_EXISTS] replace it: force: true',
    "a page's: test/59-browser follows it",
  ],
  [
    "packages/exporter/src/platform/browser-output.ts [INVALID_ARGUMENT] name a file: 'model.bin'",
    "a page's: test/59-browser follows it",
  ],
  [
    'packages/exporter/src/platform/browser-output.ts [INVALID_ARGUMENT] let a worker write it: exportInWorker(…)',
    "a page's: test/59-browser follows it",
  ],
  [
    'packages/exporter/src/platform/browser-output.ts [OUTPUT_BUSY] wait for it, or name another file',
    "a page's: test/59-browser follows it",
  ],
  [
    'packages/exporter/src/platform/browser-output.ts [WRITE_FAILED] serve the page by https, or from localhost',
    "a page's: no test has a host by plain http that is not this machine",
  ],
  [
    'packages/exporter/src/platform/browser-output.ts [WRITE_FAILED] name another file',
    "a page's: for failures of a browser's file system, which no test can cause",
  ],
  [
    'packages/exporter/src/platform/browser-output.ts [DISK_FULL] remove what this page keeps, or free some space on the disk',
    "a page's: no test fills its quota",
  ],
  [
    'packages/exporter/src/hub/fetch-snapshot.ts [LIMIT_EXCEEDED] take another commit, whose file is smaller',
    "a page's: it would need a tokenizer of 64 MiB",
  ],
];
