/** Where this machine reaches the operators' port of its own gateway: one that listens on every address is asked on loopback. */
export function adminUrl({ host, port }: { host: string; port: number }): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
