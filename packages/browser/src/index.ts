// Public names of @llama-ts/browser.

export type { DownloadEvent } from './download/download-messages.js';
export type { ModelPlan, ModelPlanOptions } from './model-plan.js';
export { type FetchModelOptions, type ModelStore, openModelStore } from './model-store.js';
export type { StoreSpace } from './store-space.js';
export type { ListedModel, StoredModel } from './stored-models.js';
