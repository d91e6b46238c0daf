/** One request as it came off the wire. Nothing is decoded, merged or trimmed, because the signature covers the raw bytes. */
export interface Arrival {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** The target before its first `?`, escapes kept. */
  readonly path: string;
  /** The target after its first `?`, escapes kept; empty when there is none. */
  readonly query: string;
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/** Values by lower-case header name; a header that came twice has two. */
export type HeaderLines = ReadonlyMap<string, readonly string[]>;

/** Puts together what arrived; the target is cut at its first `?`, as every one of the vendor's SDKs does. */
export function toArrival(parts: { method: string; target: string; headers: HeaderLines; body: Buffer }): Arrival {
  const mark = parts.target.indexOf('?');
  return {
    ...parts,
    path: mark < 0 ? parts.target : parts.target.slice(0, mark),
    query: mark < 0 ? '' : parts.target.slice(mark + 1),
  };
}

/** Groups Node's flat `rawHeaders` by name. */
export function headerLines(rawHeaders: readonly string[]): HeaderLines {
  const lines = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = String(rawHeaders[index]).toLowerCase();
    const value = String(rawHeaders[index + 1]);
    const values = lines.get(name);
    if (values) values.push(value);
    else lines.set(name, [value]);
  }
  return lines;
}

/** The value of a header that came exactly once; a repeated header has no value anybody could agree on. */
export function onlyValue(headers: HeaderLines, name: string): string | undefined {
  const values = headers.get(name);
  return values?.length === 1 ? values[0] : undefined;
}
