import { type BadFile, REST } from './bad-file.ts';

/** What is wrong with the audit log. */
export const badAudit: readonly BadFile[] = [
  {
    name: 'an audit log without a file',
    yaml: `audit: { onAuditFailure: refuse }\n${REST}`,
    mistakes: ['1:1  audit.file  missing; expected the path of a file'],
  },
  {
    name: 'an audit log in no folder',
    yaml: `audit: { file: nowhere/audit.log }\n${REST}`,
    mistakes: ['1:10  audit.file  folder "$/nowhere" does not exist'],
  },
  {
    name: 'a folder as audit log',
    yaml: `audit: { file: . }\n${REST}`,
    mistakes: ['1:10  audit.file  expected a file, and "$" is a folder'],
  },
  {
    name: 'another way to fail',
    yaml: `audit: { file: audit.log, onAuditFailure: ignore }\n${REST}`,
    mistakes: ['1:27  audit.onAuditFailure  expected "refuse" or "continue", got "ignore"'],
  },
];
