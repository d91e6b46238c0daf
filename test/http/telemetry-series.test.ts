import fc from 'fast-check';
import { Counter, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import t from 'tap';
import { SeriesCounter, SeriesHistogram } from '../../src/http/telemetry-series.ts';

const BUCKETS = [0.1, 0.5, 2.5];
const LABEL_NAMES = ['interface', 'status'] as const;
const WALL = 1_700_000_000_123;

function openRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/** The same two metrics, ours and prom-client's. */
function create(labelNames: readonly ('interface' | 'status')[]) {
  const [ours, theirs] = [openRegistry(), openRegistry()];
  const described = (name: string) => ({ name, help: 'A "help"\\with\nodd text.', labelNames });
  const place = { registry: ours, wall: () => WALL };
  const library = { registers: [theirs], enableExemplars: true as const };
  return {
    ours: {
      counter: new SeriesCounter({ ...described('calls_total'), ...place }),
      histogram: new SeriesHistogram({ ...described('seconds'), ...place, buckets: BUCKETS }),
      text: () => ours.metrics(),
    },
    theirs: {
      counter: new Counter({ ...described('calls_total'), ...library, labelNames: [...labelNames] }),
      histogram: new Histogram({
        ...described('seconds'),
        ...library,
        labelNames: [...labelNames],
        buckets: BUCKETS,
      }),
      // It reads the clock by itself.
      text: async () => (await theirs.metrics()).replace(/^(.* # \{.*\} \S+) \S+$/gm, `$1 ${WALL / 1000}`),
    },
  };
}

const labels = fc.record({
  interface: fc.constantFrom('GET /api/domain', 'a"b\\c\nd', '', 'none', '200'),
  status: fc.oneof(fc.constantFrom(200, 446), fc.constantFrom('other', '__proto__')),
});
const exemplarLabels: fc.Arbitrary<Record<string, string> | undefined> = fc.option(
  fc.record({ trace_id: fc.stringMatching(/^[0-9a-f]{1,32}$/) }),
  { nil: undefined },
);
const count = fc.record({ labels, exemplarLabels, value: fc.integer({ min: 1, max: 5 }) });
const observation = fc.record({
  labels,
  exemplarLabels,
  value: fc.oneof(fc.double({ min: 0, max: 4, noNaN: true }), fc.constantFrom(0, ...BUCKETS, 1e9)),
});

t.test('what is counted and observed reads as if prom-client had done it', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(count), fc.array(observation), async (counts, observations) => {
      const { ours, theirs } = create(LABEL_NAMES);
      for (const { exemplarLabels, ...counted } of counts) {
        ours.counter.inc({ ...counted, exemplarLabels });
        theirs.counter.inc({ ...counted, ...(exemplarLabels && { exemplarLabels }) });
      }
      for (const { exemplarLabels, ...observed } of observations) {
        ours.histogram.observe({ ...observed, exemplarLabels });
        theirs.histogram.observe({ ...observed, ...(exemplarLabels && { exemplarLabels }) });
      }
      t.equal(await ours.text(), await theirs.text());
      t.equal(await ours.text(), await theirs.text(), 'again');
    }),
  );
});

t.test('a metric without labels is there from the start', async (t) => {
  const { ours, theirs } = create([]);
  t.equal(await ours.text(), await theirs.text());
  t.match(await ours.text(), /^calls_total 0$/m);
  t.match(await ours.text(), /^seconds_bucket\{le="\+Inf"\} 0$/m);
});

t.test('a series can begin with nothing, and an exemplar stays until there is another', async (t) => {
  const { ours } = create(LABEL_NAMES);
  const labels = { interface: 'GET /api/domain', status: 200 };
  ours.counter.inc({ labels, value: 0 });
  t.match(await ours.text(), /^calls_total\{interface="GET \/api\/domain",status="200"\} 0$/m);
  ours.counter.inc({ labels, exemplarLabels: { trace_id: 'abc' } });
  ours.counter.inc({ labels });
  t.match(await ours.text(), /^calls_total\{.*\} 2 # \{trace_id="abc"\} 1 1700000000\.123$/m);
});

t.test('a name is registered once', async (t) => {
  const registry = openRegistry();
  const declaration = { name: 'calls_total', help: 'Calls.', labelNames: [], registry, wall: () => WALL };
  new SeriesCounter(declaration);
  t.throws(() => new SeriesCounter(declaration), /already been registered/);
});
