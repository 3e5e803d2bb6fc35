// For mocha's --require: the tests get the addon of `build-native.mjs --sanitize`, and fail if they never load it.

const assert = require('node:assert/strict');
const Module = require('node:module');
const path = require('node:path');

const builds = path.join(__dirname, '../../packages/kernels/build');
const sanitized = path.join(builds, 'Sanitized/llama_kernels.node');
const release = path.join(builds, 'Release/llama_kernels.node');

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => resolve(request === release ? sanitized : request, ...rest);

exports.mochaHooks = {
  afterAll() {
    assert(require.cache[sanitized], `${sanitized} was not loaded`);
  },
};
