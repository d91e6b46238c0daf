import { BlockList, isIP } from 'node:net';

/** Tells whether a peer's address is in some networks. Anything but an IP address is not. */
export type Network = (address: string) => boolean;

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * Joins loopback and the given networks.
 *
 * @throws TypeError for what `isNetwork` says no to
 */
export function loopbackAnd(networks: readonly string[]): Network {
  const list = new BlockList();
  for (const network of [...LOOPBACK, ...networks]) {
    const { address, prefix, family } = parse(network);
    list.addSubnet(address, prefix, family);
  }
  return (peer) => {
    const address = plainAddress(peer);
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Whether a text names a network: an IP address, a slash, and how many bits of it count, at least one. */
export function isNetwork(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The address as its own family writes it: without a zone, and IPv4 as such where a socket of both families tells it as IPv6. */
export function plainAddress(address: string): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

function parse(network: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } {
  const [address = '', bits = ''] = network.split('/', 2);
  const version = isIP(address);
  const prefix = Number(bits);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || !/^[1-9]\d{0,2}$/.test(bits) || prefix > most || network.split('/').length !== 2) {
    throw new TypeError('not a network');
  }
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
