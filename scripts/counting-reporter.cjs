// Mocha's spec reporter, closing with the one line that other programs read: N passed, N failed, N skipped.

const Mocha = require('mocha');

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
};
