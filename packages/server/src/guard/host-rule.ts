// Which names a client may call the server by. A page whose own name was made to point here (DNS rebinding) sends that name.

const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^(?:${BYTE}\\.){3}${BYTE}$`);

/** Whether a `Host` header, with or without a port, names this server. */
export type HostRule = (host: string | undefined) => boolean;

/** Accepts addresses, `localhost` and the names given, in any case. */
export function createHostRule(allowedHosts: readonly string[]): HostRule {
  const names = new Set(['localhost', ...allowedHosts.map((name) => name.toLowerCase())]);
  return (host) => {
    if (host === undefined) return false;
    const name = host.toLowerCase().replace(/:\d{1,5}$/, '');
    const address = /^\[(.*)\]$/.exec(name)?.[1];
    return address === undefined ? IPV4.test(name) || names.has(name) : isIpv6(address);
  };
}

/** A URL has an address in brackets in its shortest form, and nothing else there. */
function isIpv6(address: string): boolean {
  return /^[\da-f:.]+$/.test(address) && URL.canParse(`http://[${address}]`);
}
