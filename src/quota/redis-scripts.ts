import { readFileSync } from 'node:fs';

/** The verbs that run inside Redis, each one atomic step. */
export type ScriptName = 'admit' | 'settle' | 'refund' | 'block' | 'beat' | 'seed' | 'clock' | 'usage' | 'use';

const NAMES: readonly ScriptName[] = ['admit', 'settle', 'refund', 'block', 'beat', 'seed', 'clock', 'usage', 'use'];

/**
 * Reads the Lua scripts, each with the functions that all of them share.
 *
 * @param timeLua what defines `server_time()`; the server's clock, unless a test turns one of its own
 */
export function readScripts(timeLua = readLua('time')): Readonly<Record<ScriptName, string>> {
  const common = readLua('common');
  const entries = NAMES.map((name) => [name, `${timeLua}\n${common}\n${readLua(name)}`] as const);
  return Object.fromEntries(entries) as Record<ScriptName, string>;
}

function readLua(name: string): string {
  return readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8');
}
