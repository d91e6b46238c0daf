import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROBE, TOKEN } from './load.js';
import { freePort, startProcess } from './process.js';

/** The stand-in for the vendor. Without `pinned` it runs on the client's core. */
export function startUpstream({ pinned }) {
  return startProcess((port) => [file('upstream.js'), port], { probe: PROBE, pinned });
}

/** Bare @fastify/http-proxy in front of `upstream`. */
export function startBareProxy(upstream, { pinned }) {
  return startProcess((port) => [file('bare-proxy.js'), port, upstream], { probe: PROBE, pinned });
}

/**
 * The gateway as it is built, in front of `upstream`, with all on that a production one has on; its log goes to /dev/null. `quiet`
 * takes the log, the counting of metrics and the look-up away, so that one can see what these cost.
 */
export async function startGateway(upstream, { pinned, quiet = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'gateway.yaml');
  const adminPort = await freePort();
  return startProcess(
    (port) => {
      writeFileSync(config, configOf({ port, adminPort, upstream, level: quiet ? 'silent' : 'info' }));
      return [file(quiet ? 'quiet-gateway.js' : '../dist/main.js'), 'serve', '--config', config];
    },
    { probe: PROBE, pinned, env: { BENCH_ACCESS_KEY: 'bench-access-key', BENCH_SECRET_KEY: 'bench-secret-key' } },
  );
}

/** Quotas that are counted and never met. The window is short, so that what is remembered of the past has its full size soon. */
function configOf({ port, adminPort, upstream, level }) {
  return `
listen: [{ port: ${port} }]
admin: { port: ${adminPort} }
log: { level: ${level} }
accounts:
  main:
    origin: ${upstream}
    credential:
      type: access-key
      accessKey: { env: BENCH_ACCESS_KEY }
      secretKey: { env: BENCH_SECRET_KEY }
quotas:
  account: { quota: 10000000, window: 10s }
  interface: { quota: 10000000, window: 10s }
  documentedLimits: ignore
consumers:
  bench:
    token: { sha256: ${createHash('sha256').update(TOKEN).digest('hex')} }
    accounts: [main]
    allow: ["*"]
`;
}

function file(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}
