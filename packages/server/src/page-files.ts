// What a page is to the server: files by their paths.

/** A file of a page. */
export interface PageFile {
  /** The file's `Content-Type`. */
  readonly type: string;
  readonly body: Uint8Array;
}

/** Files of a page by their paths: `/`, `/app.js`, … */
export type PageFiles = ReadonlyMap<string, PageFile>;
