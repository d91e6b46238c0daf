import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { typeMistakes, validate } from './manifest-types.ts';
import {
  filesOf,
  find,
  folderOf,
  gatewayOf,
  type Manifest,
  podOf,
  readKustomization,
  readManifests,
  SHAPES,
  sharedOf,
} from './manifests.ts';
import { loadMounted } from './mounted-files.ts';

const VERSION = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
t.strictSame(SHAPES, ['shared', 'sidecar', 'sidecar-socket']);

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
    const { config } = loadMounted(t, shape);
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
    t.equal(filesOf(pod).defaultMode, 0o440);
    t.strictSame(
      gateway.volumeMounts.filter(({ readOnly }) => !readOnly),
      sharedOf(pod),
      'it writes only where others of the pod look for something',
    );
    t.notOk(JSON.stringify(gateway).includes('secretKeyRef'), 'secrets are files, which can change');
    t.notOk(JSON.stringify(gateway).includes('subPath'), 'and files behind a subPath never do');
  });
}

t.test('shared: Service, policy, budget and monitor point at the pods and ports that there are', async (t) => {
  const manifests = readManifests('shared');
  const { config } = loadMounted(t, 'shared');
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

for (const shape of ['sidecar', 'sidecar-socket']) {
  t.test(
    `${shape}: the gateway starts before the service and ends after it, and the service has no keys`,
    async (t) => {
      const manifests = readManifests(shape);
      const pod = podOf(manifests);
      t.equal(gatewayOf(pod), pod.initContainers?.[0]);
      t.equal(pod.initContainers?.[0]?.restartPolicy, 'Always');
      const [app] = pod.containers;
      t.notOk(app?.volumeMounts?.some(({ name }) => name === filesOf(pod).mount.name));
      const { template } = find(manifests, 'Deployment').spec as { template: Manifest };
      t.match(template.metadata.labels, labelsIn(find(manifests, 'PodMonitor').spec['selector']));
    },
  );
}

t.test('sidecar: callers reach the gateway over the loopback of the pod alone', async (t) => {
  const [app] = podOf(readManifests('sidecar')).containers;
  t.match(loadMounted(t, 'sidecar').config.listen, [{ host: '127.0.0.1', port: 8080 }]);
  t.match(app?.env, [{ value: 'http://127.0.0.1:8080' }]);
  t.notOk(app?.volumeMounts);
});

t.test('sidecar-socket: callers have no port, but a socket that their group may connect to', async (t) => {
  const pod = podOf(readManifests('sidecar-socket'));
  const { config, shared } = loadMounted(t, 'sidecar-socket');
  const socket = '/run/cdnetworks-gateway/gateway.sock';
  t.strictSame(config.listen, [{ unixSocket: join(shared, socket), mode: 0o660, consumer: 'service' }]);
  t.notOk(config.anonymous, 'who calls has a name');
  t.match(gatewayOf(pod).ports, [{ name: 'admin' }]);
  t.equal(gatewayOf(pod).ports?.length, 1);

  const [mount] = sharedOf(pod);
  const [app] = pod.containers;
  t.equal(mount?.mountPath, dirname(socket));
  t.strictSame(app?.volumeMounts, [{ ...mount, readOnly: true }], 'the service may call, and not replace the socket');
  t.match(app?.env, [{ value: socket }]);
});

function labelsIn(selector: unknown): Record<string, string> {
  const { matchLabels } = selector as { matchLabels?: Record<string, string> };
  return matchLabels ?? (selector as Record<string, string>);
}
