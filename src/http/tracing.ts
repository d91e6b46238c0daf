import {
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Exchange } from './exchange.ts';
import { type TraceContext, traceContextOf } from './trace-context.ts';

/** The span of an exchange, where somebody records spans. */
export interface Tracing {
  /** @param method of the request; all else is told at its end */
  begin(request: { readonly traceparent: string | undefined; readonly method: string }): {
    readonly trace: TraceContext;
    readonly span?: Span;
  };
  end(span: Span, exchange: Exchange, status: number): void;
}

/**
 * Spans through the OpenTelemetry API: recorded if the operator has loaded an SDK before the gateway (`node --import`). Without one
 * no span is made, so that this costs nothing. Attributes have the names of OpenTelemetry's conventions for HTTP servers; queries and
 * headers are not among them.
 */
export function createTracing(): Tracing {
  const provider = trace.getTracerProvider();
  const isLoaded = !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('probe') !== undefined;
  const tracer = isLoaded ? trace.getTracer('cdnetworks-gateway') : undefined;
  return {
    begin({ traceparent, method }) {
      const context = traceContextOf(traceparent);
      if (tracer === undefined) return { trace: context };
      const { traceId, parentId, sampled } = context;
      const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
      const parent =
        parentId === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags, isRemote: true });
      const started = spared(() => {
        const span = tracer.startSpan(method, { kind: SpanKind.SERVER }, parent);
        return { span, made: span.spanContext() };
      });
      // Of a provider that records nothing, or one that is shut down: ids of zeros, which nobody may be sent.
      if (started === undefined || !isSpanContextValid(started.made)) return { trace: context };
      const { span, made } = started;
      return {
        trace: {
          ...context,
          traceId: made.traceId,
          spanId: made.spanId,
          sampled: (made.traceFlags & TraceFlags.SAMPLED) !== 0,
        },
        span,
      };
    },
    end(span, { method, apiInterface, account, consumer, call, error }, status) {
      spared(() => {
        if (apiInterface !== undefined) span.updateName(apiInterface.label);
        span.setAttributes({
          'http.request.method': method,
          'http.response.status_code': status,
          ...(apiInterface && { 'http.route': apiInterface.label }),
          ...(account && { 'cdnetworks.account': account.name }),
          ...(consumer && { 'cdnetworks.consumer': consumer.name }),
          ...(call?.cncRequestId !== undefined && { 'cdnetworks.request_id': call.cncRequestId }),
          ...(error && { 'error.type': error.code }),
        });
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
    },
  };
}

/** What an operator's SDK throws ends no request, and no process. */
function spared<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
