// A root hook of mocha that gives every test and hook ten times its time, for npm run coverage: to count lines makes some tests
// several times as slow.

const FACTOR = 10;
const hookLists = ['_beforeAll', '_beforeEach', '_afterEach', '_afterAll'];

export const mochaHooks = {
  beforeAll() {
    const hook = this.test;
    lengthen(hook.parent);
    // What a test calls `this.timeout(…)` for while it runs. Importing mocha's class would give another copy of it.
    const runnable = Object.getPrototypeOf(Object.getPrototypeOf(hook));
    const { timeout } = runnable;
    runnable.timeout = function (...args) {
      return timeout.apply(this, typeof args[0] === 'number' ? [args[0] * FACTOR] : args);
    };
  },
};

function lengthen(suite) {
  const runnables = [...suite.tests, ...hookLists.flatMap((list) => suite[list])];
  for (const runnable of runnables) runnable.timeout(runnable.timeout() * FACTOR);
  for (const inner of suite.suites) lengthen(inner);
}
