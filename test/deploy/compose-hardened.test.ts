// What nobody would miss in compose.yaml until it mattered.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';

interface Service {
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[] | Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: unknown;
}

const { services } = parse(readFileSync('deploy/compose.yaml', 'utf8')) as { services: Record<string, Service> };

t.test('no service may gain rights, and those that need none have none', async (t) => {
  for (const [name, service] of Object.entries(services)) {
    t.strictSame(service.security_opt, ['no-new-privileges:true'], name);
    // Its entry point changes the user.
    if (name !== 'valkey') t.strictSame(service.cap_drop, ['ALL'], name);
  }
  for (const name of ['gateway', 'sandbox', 'prometheus']) t.equal(services[name]?.read_only, true, name);
});

t.test('whoever reaches Grafana may look and do nothing else', async (t) => {
  t.match(services['grafana']?.environment, {
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    GF_AUTH_DISABLE_LOGIN_FORM: 'true',
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
  });
});

t.test('whoever waits for another waits for what that can become', async (t) => {
  for (const [name, { depends_on = {} }] of Object.entries(services)) {
    const conditions = Array.isArray(depends_on) ? depends_on.map((on) => [on, {}]) : Object.entries(depends_on);
    for (const [on, { condition = 'service_started' }] of conditions as [string, { condition?: string }][]) {
      t.match(condition, /^service_(started|healthy)$/, `${name} waits for ${on}`);
      t.ok(services[on], on);
    }
  }
});
