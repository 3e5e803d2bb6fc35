// Mocha's spec reporter, closing with the one line that other programs read: N passed, N failed, N skipped.
//
// CI gives a test that fails a second try (scripts/test.mjs). Tests that needed it are listed before that line.

const Mocha = require('mocha');

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  #retried = [];

  constructor(runner, options) {
    super(runner, options);
    runner.on('retry', (test, error) => this.#retried.push(`${test.fullTitle()}: ${error?.message?.split('\n')[0]}`));
  }

  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    if (this.#retried.length > 0)
      console.log(`failed at first:\n${this.#retried.map((line) => `  ${line}`).join('\n')}`);
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
};
