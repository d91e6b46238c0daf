// What can be said of the dashboards without a Prometheus; prometheus.long.ts asks one.
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { dashboards } from '../../deploy/grafana/src/dashboards.ts';
import { exemplarLabels } from '../../src/http/metric-names.ts';
import { panelsOf, shipped, textOf } from './shipped-dashboards.ts';
import { ADDS_UP_QUOTA } from './shipped-rules.ts';

const README = readFileSync('deploy/README.md', 'utf8');

t.test('the committed dashboards are what their source writes', async (t) => {
  t.strictSame(readdirSync('deploy/grafana/dashboards'), Object.keys(dashboards));
  for (const [file, text] of Object.entries(dashboards)) {
    t.equal(textOf(file), text, `${file}: npm run dashboards`);
  }
});

t.test('addresses, ids and titles are given once', async (t) => {
  const uids = [...shipped.values()].map(({ uid }) => uid);
  t.equal(new Set(uids).size, uids.length);
  for (const [file, { panels }] of shipped) {
    for (const member of ['id', 'title'] as const) {
      t.equal(new Set(panels.map((panel) => panel[member])).size, panels.length, `${file}: ${member}`);
    }
  }
});

t.test('each panel can be understood alone: unit, question, names of its series', async (t) => {
  for (const dashboard of shipped.values()) {
    for (const { title, description, type, fieldConfig, options, targets = [] } of panelsOf(dashboard)) {
      t.match(description, /\?/, `${title}: description`);
      t.match(fieldConfig?.defaults.unit, /\w/, `${title}: unit`);
      t.ok(targets.length > 0, `${title}: asks`);
      for (const { legendFormat } of targets) t.match(legendFormat, /\w/, `${title}: legend`);
      // A figure has its name beside it.
      if (type !== 'stat') t.equal(options?.legend?.showLegend, true, `${title}: legend`);
    }
  }
});

t.test('panels fill their rows and lie on none of each other', async (t) => {
  for (const [file, { panels }] of shipped) {
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      t.ok(x + w <= 24, `${file}: ${title} is within`);
      for (let cell = 0; cell < w * h; cell += 1) {
        const place = `${x + (cell % w)},${y + Math.floor(cell / w)}`;
        if (taken.has(place)) t.fail(`${file}: ${title} lies on another`);
        taken.add(place);
      }
    }
    const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    t.equal(taken.size, 24 * bottom, `${file} has no gaps`);
  }
});

t.test('no panel adds up what every replica shows alike', async (t) => {
  t.match('sum by (account) (cdnetworks_gateway_quota_used{a="b"})', ADDS_UP_QUOTA);
  for (const dashboard of shipped.values()) {
    for (const { targets = [] } of panelsOf(dashboard)) {
      for (const { expr } of targets) t.notMatch(expr, ADDS_UP_QUOTA);
    }
  }
});

t.test('the page for operators tells what each panel answers', async (t) => {
  const rows = [...README.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].map(([, title, answers]) => `${title}: ${answers}`);
  for (const dashboard of shipped.values()) {
    for (const { title, description } of panelsOf(dashboard)) t.ok(rows.includes(`${title}: ${description}`), title);
  }
});

t.test('the ids in graphs lead to the look-up and the traces, by the names that the gateway gives them', async (t) => {
  const { datasources } = parse(readFileSync('deploy/grafana/provisioning/datasources/prometheus.yml', 'utf8')) as {
    datasources: { jsonData: { exemplarTraceIdDestinations: { name: string; url?: string }[] } }[];
  };
  const destinations = datasources.flatMap(({ jsonData }) => jsonData.exemplarTraceIdDestinations);
  t.strictSame(
    destinations.map(({ name }) => name),
    Object.values(exemplarLabels),
  );
  t.match(destinations[0]?.url, /:9090\/requests\?cnc-request-id=\$\$\{__value\.raw\}$/);
});
