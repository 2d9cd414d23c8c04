import { isIP } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Whose address it is, as far as an address can tell: an IPv4 address itself, also where it comes mapped into IPv6; of an
 * IPv6 address the first 64 bits, since whoever has one has all that begin with them.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [, mapped] = MAPPED.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  const [before = '', after] = address.split('::');
  const written = before === '' ? [] : before.split(':');
  const network = after === undefined ? written : written.concat(['0', '0', '0', '0']);
  return `${network
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
