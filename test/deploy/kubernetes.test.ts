import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createAuthority } from '../support/certificates.ts';
import { typeMistakes, validate } from './manifest-types.ts';
import {
  find,
  folderOf,
  gatewayOf,
  type Manifest,
  podOf,
  readKustomization,
  readManifests,
  SHAPES,
} from './manifests.ts';

const VERSION = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
/** What a cluster's Secrets would have. */
const SECRETS: Record<string, string> = {
  'access-key': 'access-key-of-the-account',
  'secret-key': 'secret-key-of-the-account',
  'redis-url': 'redis://redis:6379',
};

t.strictSame(SHAPES, ['shared', 'sidecar']);

t.test('a mistyped key is found, and so is a value of a wrong type', async (t) => {
  const spoiled = (key: string, value: unknown) => {
    const manifest = structuredClone(find(readManifests('sidecar'), 'Deployment'));
    Object.assign(gatewayOf(podOf([manifest])), { [key]: value });
    return manifest;
  };
  const mistakes = typeMistakes([spoiled('startupProb', {}), spoiled('tty', 'yes')]);
  t.match(mistakes, [/startupProb.* does not exist/, /'string' is not assignable to type 'boolean/]);
});

for (const shape of SHAPES) {
  const manifests = readManifests(shape);
  const pod = podOf(manifests);
  const gateway = gatewayOf(pod);

  t.test(`${shape}: every object fits the schemas of Kubernetes, without unknown keys`, async (t) => {
    t.strictSame(typeMistakes(manifests), []);
    for (const manifest of manifests) await t.resolves(validate(manifest), manifest.kind);
  });

  t.test(`${shape}: the kustomization names every file, and none that isn't there`, async (t) => {
    const { resources, configMapGenerator, images, ...rest } = readKustomization(shape);
    const files = [...resources, ...configMapGenerator.flatMap((map) => map.files), 'kustomization.yaml'];
    t.strictSame(files.sort(), readdirSync(folderOf(shape)).sort());
    t.match(images, [{ name: gateway.image, newTag: VERSION }]);
    const known = ['apiVersion', 'kind', 'namespace', 'generatorOptions'];
    t.strictSame(
      Object.keys(rest).filter((key) => !known.includes(key)),
      [],
    );
  });

  t.test(`${shape}: the gateway's configuration loads from the mounted files, and agrees with the pod`, async (t) => {
    const config = loadMounted(t, shape);
    const { drainDelayMs, drainMs } = config.limits;
    t.ok(pod.terminationGracePeriodSeconds * 1000 > drainDelayMs + drainMs + 5000, 'it may finish before it is killed');

    t.equal(config.admin.host, '0.0.0.0', 'probes come from the node');
    const ports = new Map(gateway.ports?.map(({ name, containerPort }) => [name, containerPort]));
    t.equal(ports.get('admin'), config.admin.port);
    for (const kind of ['startup', 'liveness', 'readiness']) {
      const probe = gateway[`${kind}Probe`];
      if (probe !== undefined) t.equal(probe.httpGet.port, 'admin', kind);
    }
    t.equal(gateway.livenessProbe?.httpGet.path, '/livez', 'never restarted because Redis is away');
    t.equal((gateway.readinessProbe ?? gateway.startupProbe)?.httpGet.path, '/readyz', 'called only when it can serve');
    t.equal(config.store.type, 'redis', 'pods come and go, and what was spent stays');
  });

  t.test(`${shape}: the gateway's container meets the restricted standard of pod security`, async (t) => {
    const context: Record<string, unknown> = { ...pod.securityContext, ...gateway.securityContext };
    t.match(context, {
      runAsNonRoot: true,
      runAsUser: 65532,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    t.equal(pod.automountServiceAccountToken, false, 'it has no business with the cluster');
    t.equal(pod.securityContext['fsGroup'], context['runAsUser'], 'whose group may read the files');
    t.equal(pod.volumes[0]?.projected.defaultMode, 0o440);
    t.notOk(JSON.stringify(gateway).includes('secretKeyRef'), 'secrets are files, which can change');
    t.notOk(JSON.stringify(gateway).includes('subPath'), 'and files behind a subPath never do');
    t.ok(gateway.volumeMounts.every(({ readOnly }) => readOnly));
  });
}

t.test('shared: Service, policy, budget and monitor point at the pods and ports that there are', async (t) => {
  const manifests = readManifests('shared');
  const config = loadMounted(t, 'shared');
  const [listener] = config.listen;
  const ports = gatewayOf(podOf(manifests)).ports ?? [];
  t.ok(listener && 'port' in listener && listener.tls, 'tokens travel over TLS alone');
  t.match(ports, [{ name: 'https', containerPort: listener && 'port' in listener ? listener.port : 0 }]);
  t.notOk(config.anonymous, 'nobody calls without a token');

  const { template } = find(manifests, 'Deployment').spec as { template: Manifest };
  const services = manifests.filter(({ kind }) => kind === 'Service');
  const selectors = [
    ...services.map(({ spec }) => spec['selector']),
    find(manifests, 'Deployment').spec['selector'],
    find(manifests, 'PodDisruptionBudget').spec['selector'],
    find(manifests, 'NetworkPolicy').spec['podSelector'],
  ];
  for (const selector of selectors) t.strictSame(labelsIn(selector), template.metadata.labels);
  const names = ports.map(({ name }) => name);
  for (const { targetPort } of services.flatMap(({ spec }) => spec['ports'] as { targetPort: string }[])) {
    t.ok(names.includes(targetPort), targetPort);
  }
  const ingress = find(manifests, 'NetworkPolicy').spec['ingress'] as { from: unknown[]; ports: { port: string }[] }[];
  t.strictSame(
    ingress.map((rule) => rule.ports[0]?.port),
    names,
    'one rule for callers, one for Prometheus',
  );
  t.ok(
    ingress.every(({ from }) => from.length > 0),
    'and neither for all the world',
  );
  t.match(services[1]?.metadata.labels, labelsIn(find(manifests, 'ServiceMonitor').spec['selector']));
  t.match(find(manifests, 'ServiceMonitor').spec['endpoints'], [{ port: 'admin', path: '/metrics' }]);
});

t.test('sidecar: the gateway starts before the service, ends after it, and is reached by the pod alone', async (t) => {
  const manifests = readManifests('sidecar');
  const pod = podOf(manifests);
  const config = loadMounted(t, 'sidecar');
  t.equal(gatewayOf(pod), pod.initContainers?.[0]);
  t.equal(pod.initContainers?.[0]?.restartPolicy, 'Always');
  t.match(config.listen, [{ host: '127.0.0.1', port: 8080 }]);
  const [app] = pod.containers as unknown as { env: { name: string; value: string }[]; volumeMounts?: unknown }[];
  t.match(app?.env, [{ value: 'http://127.0.0.1:8080' }]);
  t.notOk(app?.volumeMounts, 'the service has no keys');
  const { template } = find(manifests, 'Deployment').spec as { template: Manifest };
  t.match(template.metadata.labels, labelsIn(find(manifests, 'PodMonitor').spec['selector']));
});

/** Lays the files of the pod's volume out as the kubelet does, and loads the configuration among them. */
function loadMounted(t: Test, shape: string): Config {
  const folder = t.testdir();
  const { configMapGenerator } = readKustomization(shape);
  const pod = podOf(readManifests(shape));
  const secrets = { ...SECRETS, ...certificate(t) };
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  t.strictSame(
    gatewayOf(pod).volumeMounts.map(({ mountPath }) => mountPath),
    ['/etc/cdnetworks-gateway'],
  );
  t.equal(gatewayOf(pod).volumeMounts[0]?.name, pod.volumes[0]?.name);
  for (const { configMap, secret } of pod.volumes[0]?.projected.sources ?? []) {
    const generated = configMapGenerator.find(({ name }) => name === configMap?.name);
    for (const file of generated?.files ?? []) put(file, readFileSync(folderOf(shape) + file, 'utf8'));
    for (const { key, path } of secret?.items ?? []) put(path, secrets[key] ?? '');
  }
  return loadConfig({ file: join(folder, 'gateway.yaml'), env: {} });
}

function certificate(t: Test): Record<string, string> {
  const folder = `${t.testdirName}-authority`;
  mkdirSync(folder, { recursive: true });
  const { cert, key } = createAuthority(folder).issue({ name: 'cdnetworks-gateway' });
  return { 'tls.crt': cert, 'tls.key': key };
}

function labelsIn(selector: unknown): Record<string, string> {
  const { matchLabels } = selector as { matchLabels?: Record<string, string> };
  return matchLabels ?? (selector as Record<string, string>);
}
