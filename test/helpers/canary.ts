// The token of this test run, which must appear nowhere; `npm test` sets it and looks for it (scripts/test/canary.mjs).

/** Empty outside of `npm test`: there is no token then. */
export const canaryToken: string = process.env.LLAMA_TEST_CANARY ?? '';
