// Traces: from a caller's to the vendor's, with and without an SDK that records spans.
import { INVALID_SPAN_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import t from 'tap';
import { send } from '../sandbox/client-answer.ts';
import { startForwarding } from '../support/forwarding.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };

t.test('a trace goes on to the vendor under a span of the gateway, and is in the log', async (t) => {
  const { gateway, upstream } = await startForwarding(t);
  await send(gateway.url, { target: '/api/domain', headers });
  const sent = new Map(upstream.requests[0]?.headers);
  const [, traceId, spanId, flags] = sent.get('traceparent')?.split('-') ?? [];
  t.equal(traceId, TRACE);
  t.not(spanId, PARENT);
  t.equal(flags, '01');
  t.equal(sent.get('tracestate'), 'vendor=1');
  t.match(gateway.log.at(-1), { traceId: TRACE, spanId });
});

t.test('without one, or with one that is none, a trace begins', async (t) => {
  const { gateway, upstream } = await startForwarding(t);
  for (const traceparent of ['none', `00-${'0'.repeat(32)}-${PARENT}-01`]) {
    await send(gateway.url, { target: '/api/domain', headers: { traceparent, tracestate: 'of=nobody' } });
  }
  await send(gateway.url, { target: '/api/domain' });
  t.equal(upstream.requests.length, 3);
  const ids = upstream.requests.map(({ headers }) => {
    const sent = new Map(headers);
    t.notOk(sent.has('tracestate'));
    return /^00-([0-9a-f]{32})-[0-9a-f]{16}-00$/.exec(sent.get('traceparent') ?? '')?.[1];
  });
  t.equal(new Set(ids).size, 3);
  t.notOk(ids.includes(undefined));
});

t.test('an SDK whose spans have no ids leaves the trace as it is without one', async (t) => {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const tracer = { startSpan: () => span, startActiveSpan: () => undefined as never };
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  t.teardown(() => trace.disable());
  const { gateway, upstream } = await startForwarding(t);
  await send(gateway.url, { target: '/api/domain', headers });
  await send(gateway.url, { target: '/api/domain' });
  const [continued, begun] = upstream.requests.map((request) => new Map(request.headers).get('traceparent'));
  t.match(continued, new RegExp(`^00-${TRACE}-(?!0{16}|${PARENT})[0-9a-f]{16}-01$`));
  t.match(begun, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/);
  t.match(gateway.log.at(-1), { traceId: begun?.slice(3, 35) });
});

t.test('an SDK that fails costs nobody an answer', async (t) => {
  const fail = () => {
    throw new Error('of the SDK');
  };
  const processor = { onStart() {}, onEnd: fail, forceFlush: async () => {}, shutdown: async () => {} };
  const failing = { startSpan: fail, startActiveSpan: fail };
  for (const provider of [new BasicTracerProvider({ spanProcessors: [processor] }), { getTracer: () => failing }]) {
    trace.setGlobalTracerProvider(provider);
    const { gateway } = await startForwarding(t);
    trace.disable();
    t.equal((await send(gateway.url, { target: '/api/domain', headers })).status, 200);
    t.match(gateway.log.at(-1), { traceId: TRACE, res: { statusCode: 200 } });
  }
});

t.test('with an SDK each exchange is a span of the caller’s trace, without query or secret', async (t) => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  t.teardown(() => trace.disable());
  const { gateway, upstream } = await startForwarding(t);
  await send(gateway.url, { target: '/api/domain?secret=1', headers });
  await send(gateway.url, { target: '/a/../b', headers });
  const [carried, refused] = exporter.getFinishedSpans();
  t.match(carried, {
    name: 'GET /api/domain',
    kind: SpanKind.SERVER,
    parentSpanContext: { traceId: TRACE, spanId: PARENT },
    attributes: {
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': 'GET /api/domain',
      'cdnetworks.account': 'main',
      'cdnetworks.consumer': 'anonymous',
    },
  });
  t.match(refused, { attributes: { 'http.response.status_code': 400, 'error.type': 'request-invalid' } });
  t.notMatch(JSON.stringify([carried?.attributes, refused?.attributes]), /secret/);
  const { spanId } = carried?.spanContext() ?? {};
  t.equal(new Map(upstream.requests[0]?.headers).get('traceparent'), `00-${TRACE}-${spanId}-01`);
  t.match(gateway.log[1], { spanId });
});
