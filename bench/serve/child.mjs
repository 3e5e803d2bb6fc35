// What the engines' programs share: they answer the workloads that their parent sends, one after another.

/** @param answer (prompt, maxTokens, index of the prompt, called at each text) => number of tokens */
export function serveParent(answer) {
  process.on('message', async ({ prompts, maxTokens }) => {
    const start = performance.now();
    const timings = await Promise.all(
      prompts.map(async (prompt, i) => {
        let first = 0;
        const nTokens = await answer(prompt, maxTokens, i, () => {
          first ||= performance.now() - start;
        });
        return { first, end: performance.now() - start, nTokens };
      }),
    );
    process.send(timings);
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}

/** What the parent started the program with: JSON in the first argument. */
export function readSettings() {
  return JSON.parse(process.argv[2]);
}
