// Suggestions that no test can follow, each with the reason: to be as few as can be.

export const unfollowed: readonly (readonly [site: string, reason: string])[] = [
  [
    'packages/base/src/platform/browser.ts [FILE_NOT_FOUND] fetch it: await (await fetch(…)).blob()',
    "a browser's: test/59-browser follows it",
  ],
  [
    'packages/kernels/src/platform/browser.ts [any code] serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    "a browser's: test/59-browser follows it",
  ],
];
