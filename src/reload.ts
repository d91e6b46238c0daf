import { changesOf } from './config/changes.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/mistakes.ts';
import type { ChangeTelemetry, ReloadResult } from './http/telemetry-changes.ts';

/** Loads the configuration and puts it in the place of the one before: all of it or nothing. Never throws. */
export type Reload = (load: () => Config) => Promise<ReloadResult>;

/**
 * Changes the configuration while the gateway runs. Attempts at the same time are made one after the other.
 *
 * @param options.config the one in use
 * @param options.prepare whatever a configuration needs before requests are served by it
 * @param options.apply puts it in use; changes nothing if it throws
 */
export function createReload(options: {
  config: Config;
  prepare: (config: Config) => Promise<void>;
  apply: (config: Config, before: Config) => void;
  telemetry: Pick<ChangeTelemetry, 'reloaded'>;
}): Reload {
  const { prepare, apply, telemetry } = options;
  let inUse = options.config;
  let latest: Promise<unknown> = Promise.resolve();

  async function attempt(load: () => Config): Promise<ReloadResult> {
    const config = load();
    const changes = changesOf(inUse, config);
    if (changes === undefined) return tell('unchanged', {});
    const { fixed, ...names } = changes;
    if (fixed.length > 0) {
      const message = 'changed, which needs a restart; nothing was applied';
      return tell('refused', { mistakes: fixed.map((path) => ({ path, message })) });
    }
    await prepare(config);
    apply(config, inUse);
    inUse = config;
    return tell('applied', names);
  }

  function tell(result: ReloadResult, facts: object): ReloadResult {
    telemetry.reloaded(result, facts);
    return result;
  }

  return (load) => {
    const result = latest.then(() => attempt(load)).catch((error) => tell('refused', toFacts(error)));
    latest = result;
    return result;
  };
}

function toFacts(error: unknown): object {
  return error instanceof ConfigError ? { mistakes: error.mistakes } : { err: error };
}
