const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
/** Elements of the list; a comma within quotes ends none, and a quote that nobody closes takes the rest. */
const ELEMENTS = new RegExp(`(?:[^,"]|${QUOTED}|".*$)+`, 'g');
/** `name`, `name=` or `name=value`; parameters may follow. */
const PREFERENCE = new RegExp(`^[ \\t]*(${TOKEN})(?:[ \\t]*=[ \\t]*(${TOKEN}|${QUOTED})?)?[ \\t]*(?:;|$)`);

/** How long a request would wait for its units, and what the answer says of that. */
export interface WaitTerms {
  /** 0 for not at all. */
  readonly maxWaitMs: number;
  /** `Preference-Applied` (RFC 7240, section 3): present when the caller's own preference holds, as far as it does. */
  readonly applied?: string;
}

/**
 * Decides how long a request waits at most: the caller's preference, else what its consumer is given, neither beyond the
 * gateway's own limit. Where there is no place to wait nobody does.
 *
 * @param prefer the `Prefer` field; of several, all of them joined by commas
 */
export function waitTerms(
  prefer: string | undefined,
  options: { readonly defaultMs: number; readonly limitMs: number; readonly hasPlace: boolean },
): WaitTerms {
  const preferredMs = preferredWaitMs(prefer);
  const wantedMs = preferredMs ?? options.defaultMs;
  const maxWaitMs = options.hasPlace ? Math.min(wantedMs, options.limitMs) : 0;
  if (preferredMs === undefined || (maxWaitMs === 0 && wantedMs > 0)) return { maxWaitMs };
  return { maxWaitMs, applied: `wait=${Math.floor(maxWaitMs / 1000)}` };
}

/**
 * Reads the preference `wait` (RFC 7240, section 4.3), whole seconds, in ms. Undefined where there is none that can be
 * honoured: an element that isn't well-formed is passed over, and of several `wait` only the first counts, even if its
 * value is none.
 */
export function preferredWaitMs(prefer: string | undefined): number | undefined {
  for (const element of prefer?.match(ELEMENTS) ?? []) {
    const [, name, value = ''] = PREFERENCE.exec(element) ?? [];
    if (name?.toLowerCase() !== 'wait') continue;
    const text = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
    return /^[0-9]+$/.test(text) ? Number(text) * 1000 : undefined;
  }
  return undefined;
}
