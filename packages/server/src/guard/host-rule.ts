// Which names a client may call the server by. A page whose own name was made to point here (DNS rebinding) sends that name.

import { isIP } from 'node:net';

/** Whether a `Host` header, with or without a port, names this server. */
export type HostRule = (host: string | undefined) => boolean;

/** Accepts addresses, `localhost` and the names given, in any case. */
export function createHostRule(allowedHosts: readonly string[]): HostRule {
  const names = new Set(['localhost', ...allowedHosts.map((name) => name.toLowerCase())]);
  return (host) => {
    if (host === undefined) return false;
    const name = host.toLowerCase().replace(/:\d{1,5}$/, '');
    const address = /^\[(.*)\]$/.exec(name)?.[1];
    return address === undefined ? isIP(name) === 4 || names.has(name) : isIP(address) === 6;
  };
}
