import type { Config } from './config/config.ts';
import type { Telemetry } from './http/telemetry.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type { Clock } from './quota/clock.ts';
import { createGate, type Gate } from './quota/gate.ts';
import type { WaitingRoom } from './quota/waiting-room.ts';

/** Beside connecting, the time a request may need from when it may be sent to its first byte; more means that the process stood still. */
const SEND_SLACK_MS = 5000;

/** What keeps the quotas, and how long an admitted request may take to its first byte. */
export interface OpenQuotas extends OpenStore {
  readonly gate: Gate;
  readonly sendBudgetMs: number;
}

/** Opens the store and the gate before it. */
export async function openQuotas(
  config: Config,
  by: { clock: Clock; telemetry: Telemetry; waitingRoom: WaitingRoom },
): Promise<OpenQuotas> {
  const { clock, telemetry, waitingRoom } = by;
  const { limits } = config;
  const sendBudgetMs = limits.connectTimeoutMs + SEND_SLACK_MS;
  // A shared store's answer takes up to its deadline, and a wait begins when it is here.
  const answerMs = config.store.type === 'redis' ? config.store.deadlineMs : 0;
  const leaseMs = answerMs + sendBudgetMs + limits.upstreamTimeoutMs + limits.graceMs;
  const opened = await openStore(config.store, {
    clock,
    quotas: config,
    unseenMs: leaseMs + limits.waitMs,
    onError: telemetry.storeFailed,
    onLocalDenial: telemetry.deniedLocally,
    onCall: telemetry.storeCalled,
  });
  const gate = createGate(opened.store, {
    waitingRoom,
    now: clock.monotonic,
    leaseMs,
    onStoreError: telemetry.storeFailed,
  });
  return { ...opened, gate, sendBudgetMs };
}
