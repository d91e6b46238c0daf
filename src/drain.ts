import { setTimeout as pause } from 'node:timers/promises';

/** The time in which requests whose upstream calls were broken off are answered and logged. */
const BREAK_OFF_MS = 1000;
/** Callers whose connection ended with their answer may come back at once: they are told, rather than cut off at the door. */
const FAREWELL_MS = 250;

/** What a gateway does to stop, in the order in which it is done. */
export interface DrainSteps {
  readonly limits: { readonly drainDelayMs: number; readonly drainMs: number };
  /** Monotonic ms. */
  readonly now: () => number;
  readonly inFlight: () => number;
  /** From here on `/readyz` sends traffic elsewhere. */
  readonly stop: () => void;
  /** From here on nothing new begins, and those that wait for quota are sent away. */
  readonly refuse: () => void;
  /** Ends what is under way; only if it has outlasted its time. */
  readonly breakOff: () => Promise<void>;
  readonly closeDoors: () => Promise<void>;
  /** When nobody is there any more. */
  readonly closeRest: (how: { readonly finished: boolean }) => Promise<void>;
}

/** Makes the function that stops a gateway, once, however often it is called. Resolves to whether all requests could finish. */
export function createDrain(steps: DrainSteps): () => Promise<boolean> {
  const { limits, now, inFlight, stop, refuse, breakOff, closeDoors, closeRest } = steps;

  async function idleWithin(ms: number): Promise<boolean> {
    const deadline = now() + ms;
    while (inFlight() > 0 && now() < deadline) await pause(20);
    return inFlight() === 0;
  }

  async function drain(): Promise<boolean> {
    stop();
    if (limits.drainDelayMs > 0) await pause(limits.drainDelayMs);
    refuse();
    const busy = inFlight() > 0;
    const finished = await idleWithin(limits.drainMs);
    if (finished && busy) await pause(FAREWELL_MS);
    if (!finished) {
      await breakOff();
      await idleWithin(BREAK_OFF_MS);
    }
    await closeDoors();
    // A server is closed when it has let go of its connections; that they have closed, they tell later.
    await idleWithin(BREAK_OFF_MS);
    await closeRest({ finished });
    return finished;
  }

  let drained: Promise<boolean> | undefined;
  return () => {
    drained ??= drain();
    return drained;
  };
}
