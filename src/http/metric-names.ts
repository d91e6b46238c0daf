/**
 * The names of all metrics, for the gateway and for the dashboards that are made from them. Prometheus's conventions: base units,
 * `_total` on counters.
 */
export const metricNames = {
  auditLinesLost: 'cdnetworks_gateway_audit_lines_lost_total',
  authenticationFailures: 'cdnetworks_gateway_authentication_failures_total',
  buildInfo: 'cdnetworks_gateway_build_info',
  clockSkew: 'cdnetworks_gateway_clock_skew_seconds',
  configLoaded: 'cdnetworks_gateway_config_loaded_timestamp_seconds',
  configReloads: 'cdnetworks_gateway_config_reloads_total',
  connectionFaults: 'cdnetworks_gateway_connection_faults_total',
  credentialInUse: 'cdnetworks_gateway_credential_in_use',
  credentialRefusals: 'cdnetworks_gateway_credential_refusals_total',
  credentialSwitches: 'cdnetworks_gateway_credential_switches_total',
  inFlight: 'cdnetworks_gateway_in_flight',
  overheadDuration: 'cdnetworks_gateway_overhead_duration_seconds',
  quotaDecisions: 'cdnetworks_gateway_quota_decisions_total',
  quotaInterfaceUsed: 'cdnetworks_gateway_quota_interface_used',
  quotaLimit: 'cdnetworks_gateway_quota_limit',
  quotaLocalDenials: 'cdnetworks_gateway_quota_local_denials_total',
  quotaNextUnit: 'cdnetworks_gateway_quota_next_unit_timestamp_seconds',
  quotaRefreshed: 'cdnetworks_gateway_quota_refreshed_timestamp_seconds',
  quotaRemaining: 'cdnetworks_gateway_quota_remaining',
  quotaSettlements: 'cdnetworks_gateway_quota_settlements_total',
  quotaStoreDuration: 'cdnetworks_gateway_quota_store_duration_seconds',
  quotaStoreMode: 'cdnetworks_gateway_quota_store_mode',
  quotaStoreUp: 'cdnetworks_gateway_quota_store_up',
  quotaUsed: 'cdnetworks_gateway_quota_used',
  requestDuration: 'cdnetworks_gateway_request_duration_seconds',
  requests: 'cdnetworks_gateway_requests_total',
  upstreamConnections: 'cdnetworks_gateway_upstream_connections',
  upstreamDuration: 'cdnetworks_gateway_upstream_duration_seconds',
  upstreamErrors: 'cdnetworks_gateway_upstream_errors_total',
  vendorRefusals: 'cdnetworks_gateway_vendor_refusals_total',
  waitDuration: 'cdnetworks_gateway_wait_duration_seconds',
  waiting: 'cdnetworks_gateway_waiting',
} as const;

/** The labels of exemplars, which lead from a point in a graph to a call. */
export const exemplarLabels = { cncRequestId: 'cnc_request_id', traceId: 'trace_id' } as const;
