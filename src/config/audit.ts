import type { AuditConfig } from './config.ts';
import { checkValue, type Fault } from './mistakes.ts';
import type { FileConfig } from './schema.ts';
import type { Sources } from './sources.ts';
import type { Sound } from './structure.ts';

/** Checks that the audit log can be written. Where calls go on without it, that is no mistake: they go on from the start. */
export function checkAudit({ audit }: Sound<FileConfig>, sources: Sources): Fault[] {
  if (audit?.onAuditFailure === 'continue') return [];
  return checkValue(['audit', 'file'], audit?.file, (path) => sources.appendFile(path));
}

/** Resolves the audit log of a file. */
export function toAudit({ file, onAuditFailure }: NonNullable<FileConfig['audit']>, sources: Sources): AuditConfig {
  return { file: sources.locate(file), onAuditFailure };
}
