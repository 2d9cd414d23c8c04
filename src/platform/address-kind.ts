import { BlockList, isIP } from 'node:net';

/** Networks that nobody outside can have (RFC 6890 and the IANA special-purpose registries), loopback apart. */
const CLOSED: [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['168.63.129.16', 32], // of Azure's hosts to their guests: what else is in the network around it is public
  ['169.254.0.0', 16], // link-local, and with it the clouds' metadata service
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96], // unspecified, and IPv4 in the deprecated compatible form
  ['64:ff9b::', 96], // NAT64: an IPv4 address within
  ['64:ff9b:1::', 48],
  // Not given to anyone, and among it the addresses that are dropped (100::/64) and those of meshes (200::/7).
  ['100::', 8],
  ['200::', 7],
  ['400::', 6],
  ['800::', 5],
  ['1000::', 4],
  ['2001::', 23], // Teredo, ORCHID and others
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: an IPv4 address within
  ['3fff::', 20],
  ['::ffff:0:0:0', 96], // IPv4 in the translated form
  // Not given to anyone, and among it unique local addresses (fc00::/7, with the metadata service over IPv6), link-local
  // ones (fe80::/10) and multicast (ff00::/8).
  ['4000::', 2],
  ['8000::', 1],
];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

// A BlockList also finds an IPv4 network's addresses in their IPv6-mapped form (::ffff:10.0.0.1).
const closed = new BlockList();
for (const [network, prefix] of CLOSED) closed.addSubnet(network, prefix, familyOf(network));
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export type AddressKind = 'public' | 'loopback' | 'closed';

/** What kind of network a literal IP address is in; whoever connects asks again for what a name resolved to. */
export function kindOfAddress(address: string): AddressKind {
  const family = familyOf(address);
  if (loopback.check(address, family)) return 'loopback';
  return closed.check(address, family) ? 'closed' : 'public';
}

/** Names that never leave the machine or the network; what other names resolve to is checked when connecting. */
function kindOfName(name: string): AddressKind {
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  return /(^|\.)(local|internal|intranet|lan|home\.arpa)$/.test(name) || !name.includes('.') ? 'closed' : 'public';
}

/**
 * What kind of network the host of a URL is in, as far as it can be told without resolving it. Of a parsed URL only:
 * the parser puts 0x7f.1, 2130706433 and 127.0.0.1 into one canonical form.
 */
export function kindOfHost({ hostname }: URL): AddressKind {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return isIP(host) === 0 ? kindOfName(host) : kindOfAddress(host);
}
