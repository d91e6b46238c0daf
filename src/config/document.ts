import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { type Fault, type Mistake, type Path, placeOf, showPath } from './mistakes.ts';

/** A parsed file: its value, or what keeps it from being read as YAML at all; and where each part of it is. */
export interface ConfigDocument {
  /** Plain data without shared parts: an alias is a copy, so that a default filled in here stays here. */
  readonly value: unknown;
  /** Mistakes of syntax; the value means nothing when there are any. */
  readonly mistakes: readonly Mistake[];
  /** Finds the line and column of a fault: of its key, of the item of a list, or of what lacks it. */
  readonly locate: (fault: Fault) => Mistake;
}

/** Parses one YAML document. Never throws; no message quotes the text, which may hold a secret by mistake. */
export function readDocument(text: string): ConfigDocument {
  const lines = new LineCounter();
  // stringKeys: every key of the file is a name. resolveKnownTags: a !!binary or !!set would not be plain data.
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, resolveKnownTags: false };
  const document = parseDocument(text, options);
  const mistakeAt = (offset: number, message: string, path: Path = []): Mistake => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, path: showPath(path), message };
  };
  const locate = (fault: Fault) => mistakeAt(findOffset(document, placeOf(fault)), fault.message, fault.path);

  const mistakes = [
    ...syntaxErrors(document).map((error) => mistakeAt(error.pos[0], explain(error))),
    ...brokenAliases(document).map((offset) => mistakeAt(offset, 'this alias has no anchor before it')),
  ];
  if (mistakes.length > 0) return { value: undefined, mistakes, locate };
  try {
    const value: unknown = JSON.parse(JSON.stringify(document.toJS()));
    return { value, mistakes: value === null ? [mistakeAt(0, 'the file is empty')] : [], locate };
  } catch {
    return {
      value: undefined,
      mistakes: [mistakeAt(0, 'too many aliases, or an alias inside its own anchor')],
      locate,
    };
  }
}

// These leave the rest of the tree as it was meant; after any other error the parser guesses.
const SEPARATE_ERRORS: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'this key is there twice'],
  ['MULTIPLE_DOCS', 'a second document; the file must hold one'],
  ['NON_STRING_KEY', 'expected a plain name as key'],
  ['TAG_RESOLVE_FAILED', 'unknown tag'],
]);

function syntaxErrors(document: Document.Parsed): YAMLError[] {
  const errors: YAMLError[] = [...document.errors, ...document.warnings];
  const first = errors.find((error) => !SEPARATE_ERRORS.has(error.code));
  return errors.filter((error) => error === first || SEPARATE_ERRORS.has(error.code));
}

// The parser's own messages may quote the text; its codes do not.
function explain({ code }: YAMLError): string {
  return SEPARATE_ERRORS.get(code) ?? `not valid YAML: ${code.toLowerCase().replaceAll('_', ' ')}`;
}

function brokenAliases(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined) offsets.push(alias.range?.[0] ?? 0);
    },
  });
  return offsets;
}

function findOffset(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const segment of path) {
    const step = findStep(isAlias(node) ? node.resolve(document) : node, segment);
    if (step === undefined) break;
    ({ node, offset } = step);
  }
  return offset;
}

function findStep(node: unknown, segment: string | number): { node: unknown; offset: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
    return pair && { node: pair.value, offset: offsetOf(pair.key) };
  }
  const item = isSeq(node) ? node.items[Number(segment)] : undefined;
  return item === undefined ? undefined : { node: item, offset: offsetOf(item) };
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
