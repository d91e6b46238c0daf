// What the manifests of deploy/kubernetes promise beyond their schemas: that somebody always serves, what may be reached, and that the
// alerts find what is scraped.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { find, readManifests, SHAPES } from './manifests.ts';

const shared = readManifests('shared');
const alerts = readFileSync('deploy/prometheus/alerts.yml', 'utf8');

t.test('an upgrade and the drain of a node leave a gateway that serves', async (t) => {
  const { replicas, strategy } = find(shared, 'Deployment').spec;
  t.match(replicas, 2);
  t.strictSame(strategy, { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  t.match(find(shared, 'PodDisruptionBudget').spec, { maxUnavailable: 1 });
});

t.test('the gateways reach DNS, Redis and the vendor, and no private address beside these', async (t) => {
  const egress = find(shared, 'NetworkPolicy').spec['egress'] as {
    to: { ipBlock?: { cidr: string; except?: string[] } }[];
    ports: { port: number }[];
  }[];
  t.strictSame(find(shared, 'NetworkPolicy').spec['policyTypes'], ['Ingress', 'Egress']);
  t.strictSame(
    egress.map(({ ports }) => ports.map(({ port }) => port)),
    [[53, 53], [6379], [443]],
  );
  const apart = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];
  t.strictSame(egress[2]?.to, [
    { ipBlock: { cidr: '0.0.0.0/0', except: apart } },
    { ipBlock: { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] } },
  ]);
});

t.test('what is scraped bears the job that the alerts ask for', async (t) => {
  const [, job = ''] = /up\{job="([^"]+)"\}/.exec(alerts) ?? [];
  t.equal(find(shared, 'ServiceMonitor').spec['jobLabel'], 'app.kubernetes.io/name');
  const admin = shared.find(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'admin');
  t.equal(admin?.metadata.labels?.['app.kubernetes.io/name'], job);
  for (const shape of SHAPES.filter((name) => name !== 'shared')) {
    const [endpoint] = find(readManifests(shape), 'PodMonitor').spec['podMetricsEndpoints'] as unknown[];
    t.match(endpoint, { relabelings: [{ targetLabel: 'job', replacement: job }] }, shape);
  }
});
