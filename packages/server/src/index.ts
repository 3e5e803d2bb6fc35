// Public names of @llama-ts/server.

export type { UsageBody } from './answer/tally.js';
export { type ApiServer, createApiServer } from './api-server.js';
export type { Call } from './call.js';
export type { Endpoint } from './endpoints/endpoint.js';
export { endpoints } from './endpoints/endpoints.js';
export type { Metrics } from './metrics.js';
export type { PageFile, PageFiles } from './page-files.js';
export type { ConstraintCache } from './request/constraint-cache.js';
export type { Field, FieldTable, Refusal } from './request/field-table.js';
export type { ApiServerOptions, LogEntry, ServerContext } from './server-options.js';
export { templateDay } from './template-day.js';
