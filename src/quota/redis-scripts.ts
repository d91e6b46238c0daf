import { readFileSync } from 'node:fs';
import { MOST_AHEAD_S, REMEMBERED_IN_REDIS_S } from './signing-seconds.ts';

/** The verbs that run inside Redis, each one atomic step. */
export type ScriptName = 'admit' | 'settle' | 'refund' | 'block' | 'beat' | 'seed' | 'clock' | 'usage' | 'use';

const NAMES: readonly ScriptName[] = ['admit', 'settle', 'refund', 'block', 'beat', 'seed', 'clock', 'usage', 'use'];

/** Figures that replicas and scripts reckon with, written down once. */
const FIGURES = `local MOST_AHEAD, REMEMBERED = ${MOST_AHEAD_S}, ${REMEMBERED_IN_REDIS_S}`;

/**
 * Reads the Lua scripts, each with the functions that all of them share.
 *
 * @param timeLua what defines `server_time()`; the server's clock, unless a test turns one of its own
 */
export function readScripts(timeLua = readLua('time')): Readonly<Record<ScriptName, string>> {
  const common = readLua('common');
  const entries = NAMES.map((name) => [name, `${FIGURES}\n${timeLua}\n${common}\n${readLua(name)}`] as const);
  return Object.fromEntries(entries) as Record<ScriptName, string>;
}

function readLua(name: string): string {
  return readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8');
}
