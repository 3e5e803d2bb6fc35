// The token of this test run, which must appear nowhere; `npm test` sets it and looks for it (scripts/canary.mjs).

/** Empty outside of `npm test`: no token then. */
export const canaryToken: string = process.env.LLAMA_TEST_CANARY ?? '';
