// Which web pages may call the server: those of its own address, and those of origins that were allowed.

/** Whether a page of this origin may call a server that was called by this `Host`. */
export type OriginRule = (origin: string | undefined, host: string) => boolean;

/** Programs send no `Origin`, and pass. `null`, which sandboxed pages and files send, passes where it is allowed by name. */
export function createOriginRule(allowedOrigins: readonly string[]): OriginRule {
  const allowed = new Set(allowedOrigins);
  return (origin, host) => {
    if (origin === undefined || allowed.has(origin)) return true;
    return origin.toLowerCase() === `http://${host.toLowerCase()}`;
  };
}
