/** A length of time as people say it: `42 s`, `5 min`, `2 h 30 min`, `3 d`; rounded up to seconds. A figure stays with its unit. */
export function span(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(`${minutes}\u00a0min`, seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joined(`${hours}\u00a0h`, minutes % 60, 'min');
  return joined(`${Math.floor(hours / 24)}\u00a0d`, hours % 24, 'h');
}

/** `12:03:07` of an RFC 3339 time, UTC. */
export function timeOfDay(time: string): string {
  return time.slice(11, 19);
}

/** How long until an RFC 3339 time, as of another. */
export function until(time: string, now: string): string {
  return span(Math.max(0, Date.parse(time) - Date.parse(now)));
}

/** `1 unit`, `2 units`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function joined(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole} ${rest}\u00a0${unit}`;
}
