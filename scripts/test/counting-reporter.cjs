// Mocha's spec reporter, which also counts: a line N passed, N failed, N skipped at its end, or a file of counts for the
// process that started this one (--reporter-option result=FILE, run-groups.mjs).

const fs = require('node:fs');
const path = require('node:path');
const Mocha = require('mocha');

const root = path.join(__dirname, '..', '..');

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  #result;
  #failures = [];
  #files = [];
  /** The file whose tests run, and when they began. */
  #current = null;

  constructor(runner, options) {
    super(runner, options);
    this.#result = options?.reporterOptions?.result;
    runner.on('fail', (test, error) => {
      const [line] = String(error?.message ?? error).split('\n');
      this.#failures.push(`${test.fullTitle()} (${relative(test.file)}): ${line}`);
    });
    runner.on('suite', ({ file }) => {
      if (file !== undefined && file !== this.#current?.file) this.#begin(file);
    });
  }

  epilogue() {
    this.#begin(undefined);
    super.epilogue();
    const { passes: passed, failures: failed, pending: skipped } = this.stats;
    if (this.#result === undefined) console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    else {
      const counts = { passed, failed, skipped, failures: this.#failures, files: this.#files };
      fs.writeFileSync(this.#result, JSON.stringify(counts));
    }
  }

  /** Ends the time of the file before. */
  #begin(file) {
    const now = { seconds: performance.now() / 1e3, cpuSeconds: cpuSeconds() };
    if (this.#current !== null) {
      const { file, seconds, cpuSeconds } = this.#current;
      this.#files.push({
        file: relative(file),
        seconds: now.seconds - seconds,
        cpuSeconds: now.cpuSeconds - cpuSeconds,
      });
    }
    this.#current = file === undefined ? null : { file, ...now };
  }
};

function relative(file) {
  return file === undefined ? '' : path.relative(root, file).replaceAll(path.sep, '/');
}

/** Processor time of this process, on Linux with that of its children which ended. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  try {
    // After the name in parentheses, which may hold spaces: cutime and cstime are fields 16 and 17, in hundredths of a second.
    const fields = fs.readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    return (user + system) / 1e6 + (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return (user + system) / 1e6;
  }
}
