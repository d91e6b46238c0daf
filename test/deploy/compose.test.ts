import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { parseDurationMs } from '../../src/config/duration.ts';
import { loadConfig } from '../../src/config/load.ts';
import { DEMO_ACCESS_KEY, DEMO_SECRET_KEY } from '../../src/sandbox/demo-credentials.ts';

interface Service {
  readonly image: string;
  readonly build?: { context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly network_mode?: string;
  readonly healthcheck?: { test: readonly string[] };
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<'gateway' | 'sandbox' | 'valkey' | 'prometheus' | 'grafana', Service>>;
  readonly networks: { default: { ipam: { config: readonly { subnet: string }[] } } };
  readonly volumes: Readonly<Record<string, object>>;
}

const FOLDER = fileURLToPath(new URL('../../deploy/', import.meta.url));
const text = readFileSync(`${FOLDER}compose.yaml`, 'utf8');
const compose = parse(text) as Compose;
const { gateway, sandbox, valkey, prometheus, grafana } = compose.services;
const services = Object.entries<Service>(compose.services);
const config = loadConfig({ file: `${FOLDER}compose/gateway.yaml`, env: gateway.environment ?? {} });

/** What the compose specification knows, of that which is used here. */
const SERVICE_KEYS = `build cap_drop command depends_on environment healthcheck image mem_limit network_mode ports
read_only restart security_opt stop_grace_period volumes`.split(/\s+/);

t.test('no key is mistyped', async (t) => {
  t.strictSame(Object.keys(compose), ['name', 'services', 'networks', 'volumes']);
  for (const [name, service] of services) {
    t.strictSame(
      Object.keys(service).filter((key) => !SERVICE_KEYS.includes(key)),
      [],
      name,
    );
  }
});

t.test('every folder and file that is mounted exists, and every volume is declared', async (t) => {
  for (const volume of services.flatMap(([, service]) => service.volumes ?? [])) {
    const [source = '', , mode] = volume.split(':');
    if (!source.startsWith('.')) {
      t.ok(compose.volumes[source], volume);
      continue;
    }
    t.ok(existsSync(resolve(FOLDER, source)), volume);
    t.equal(mode, 'ro', 'nothing here is written to');
  }
  t.ok(existsSync(resolve(FOLDER, gateway.build?.context ?? '', 'Dockerfile')));
});

t.test('every port is open to this machine alone, and none twice', async (t) => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);
  for (const port of ports) t.match(port, /^127\.0\.0\.1:\d+:\d+$/);
  const outside = ports.map((port) => port.split(':')[1]);
  t.equal(new Set(outside).size, outside.length);
  for (const port of outside)
    t.match(text.split('services:')[0], `http://127.0.0.1:${port}`, 'the first lines name it');
});

t.test('the gateway is where the README, the image and Prometheus have it, and its callers are let in', async (t) => {
  t.match(config.listen, [{ host: '0.0.0.0', port: 8080 }]);
  t.match(config.admin, { host: '0.0.0.0', port: 9090 });
  t.strictSame(gateway.ports, ['127.0.0.1:8080:8080', '127.0.0.1:9090:9090']);
  t.strictSame(
    config.anonymous?.trustNetwork,
    compose.networks.default.ipam.config.map(({ subnet }) => subnet),
  );
  const scraped = readFileSync(`${FOLDER}prometheus/prometheus.yml`, 'utf8');
  t.match(scraped, `gateway:${config.admin.port}`);
  t.strictSame(gateway.volumes, ['./compose:/etc/cdnetworks-gateway:ro'], 'where the image looks for gateway.yaml');
  const { drainDelayMs, drainMs } = config.limits;
  t.ok(
    parseDurationMs(gateway.stop_grace_period ?? '') > drainDelayMs + drainMs + 5000,
    'it may finish before it is killed',
  );
});

t.test('the vendor is the sandbox, with keys that open nothing else', async (t) => {
  t.strictSame(gateway.environment, { CDN_ACCESS_KEY: DEMO_ACCESS_KEY, CDN_SECRET_KEY: DEMO_SECRET_KEY });
  t.equal(config.accounts.get('main')?.origin, 'http://127.0.0.1:8081', "the sandbox's port, if it is given none");
  t.strictSame(sandbox.command, ['sandbox']);
  t.equal(sandbox.network_mode, 'service:gateway', 'for it listens on loopback');
  const follows = { gateway: { condition: 'service_started', restart: true } };
  t.strictSame(sandbox.depends_on, follows, 'or it would stay in the network of a gateway that is gone');
  t.equal(sandbox.image, gateway.image);
  t.match(sandbox.healthcheck?.test, ['CMD', 'node', '-e', /127\.0\.0\.1:8082/], "its control port, not the gateway's");
});

t.test('quotas are counted in valkey, with redis.conf, which nobody outside reaches', async (t) => {
  t.match(config.store, { type: 'redis', location: { server: { kind: 'single' } } });
  t.match(readFileSync(`${FOLDER}compose/gateway.yaml`, 'utf8'), 'url: "redis://valkey:6379"');
  const [mounted] = valkey.volumes ?? [];
  t.equal(mounted?.split(':')[0], './redis.conf');
  t.equal(valkey.command?.[1], mounted?.split(':')[1]);
  t.notOk(valkey.ports);
});

t.test('Prometheus keeps exemplars, and Grafana finds it and its dashboards', async (t) => {
  t.match(prometheus.command?.join(' '), '--enable-feature=exemplar-storage');
  const source = readFileSync(`${FOLDER}grafana/provisioning/datasources/prometheus.yml`, 'utf8');
  t.match(source, 'url: http://prometheus:9090');
  t.match(source, `http://127.0.0.1:${config.admin.port}/requests`);
  const provider = readFileSync(`${FOLDER}grafana/provisioning/dashboards/cdnetworks-gateway.yml`, 'utf8');
  const dashboards = grafana.volumes?.find((volume) => volume.startsWith('./grafana/dashboards:'))?.split(':')[1];
  t.match(provider, `path: ${dashboards}\n`);
});

t.test('whatever is not built here has its version named', async (t) => {
  for (const [name, { image }] of services)
    if (image !== gateway.image) t.match(image, /^docker\.io\/\S+:v?\d+\.\d+/, name);
});
