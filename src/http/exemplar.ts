import { exemplarLabels } from './metric-names.ts';

/** OpenMetrics allows 128 characters for names and values together, and prom-client throws beyond that. */
const LONGEST_ID = 64;

/** What leads from a metric to a call. The vendor's id is the vendor's text, so it is cleaned; what isn't known is left out. */
export function exemplarOf(ids: {
  cncRequestId: string | undefined;
  traceId: string | undefined;
}): Record<string, string> {
  const cncRequestId = ids.cncRequestId?.replace(/[^\w.:-]/g, '').slice(0, LONGEST_ID);
  return {
    ...(cncRequestId && { [exemplarLabels.cncRequestId]: cncRequestId }),
    ...(ids.traceId && { [exemplarLabels.traceId]: ids.traceId }),
  };
}
