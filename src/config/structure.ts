import { Ajv } from 'ajv';
import { parseDurationMs } from './duration.ts';
import { explain } from './explain.ts';
import { type Fault, type Path, placeOf, showPath } from './mistakes.ts';
import { FileConfig } from './schema.ts';
import { parseSizeBytes } from './size.ts';

/** A value whose wrong parts are gone, so that what is sound can still be checked. */
export type Sound<T> = T extends readonly (infer Item)[]
  ? readonly (Sound<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Sound<T[Key]> | undefined }
    : T;

/** What the schema says of a file. */
export interface Structure {
  /** The file with its defaults; only there when the schema finds no fault. */
  readonly file: FileConfig | undefined;
  readonly sound: Sound<FileConfig>;
  readonly faults: readonly Fault[];
}

const ajv = new Ajv({ allErrors: true, strict: true, discriminator: true, useDefaults: true, verbose: true });
ajv.addKeyword({
  keyword: 'maximumDuration',
  type: 'string',
  schemaType: 'string',
  // A text that is no duration is the pattern's fault, not this one's.
  validate: (maximum: string, text: string) => !(parseDurationMs(text) > parseDurationMs(maximum)),
});
ajv.addKeyword({
  keyword: 'maximumSize',
  type: 'string',
  schemaType: 'string',
  validate: (maximum: string, text: string) => !(parseSizeBytes(text) > parseSizeBytes(maximum)),
});
const isFileConfig = ajv.compile<FileConfig>(FileConfig);

/** Checks a file against the schema and fills in the defaults, in place. Tells one fault for each wrong value. */
export function checkStructure(value: unknown): Structure {
  if (isFileConfig(value)) return { file: value, sound: value, faults: [] };
  const faults = new Map<string, Fault>();
  const wrongValues: Path[] = [];
  for (const error of isFileConfig.errors ?? []) {
    const fault = explain(error, value);
    if (fault === undefined) continue;
    const place = placeOf(fault);
    if (faults.has(showPath(place))) continue;
    faults.set(showPath(place), fault);
    // A bad name leaves what it names sound.
    if (error.propertyName === undefined) wrongValues.push(place);
  }
  for (const path of wrongValues) remove(value, path);
  return { file: undefined, sound: isMapping(value) ? (value as Sound<FileConfig>) : {}, faults: [...faults.values()] };
}

/** Leaves the key, so that other parts can still name it. */
function remove(value: unknown, path: Path): void {
  const [segment, ...rest] = path;
  if (segment === undefined || !isMapping(value) || !Object.hasOwn(value, segment)) return;
  if (rest.length > 0) remove(value[segment], rest);
  else value[segment] = undefined;
}

function isMapping(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
