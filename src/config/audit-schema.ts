import Type from 'typebox';

/** The audit log as the file describes it. */
export const AuditSchema = Type.Object(
  {
    file: Type.String({
      title: 'the path of a file',
      description:
        'File that lines are added to, and that begins if it is not there. Relative to the folder of this one.',
      pattern: '^\\P{Cc}+$',
    }),
    onAuditFailure: Type.Enum(['refuse', 'continue'], {
      description: 'What becomes of calls that change something while no line can be written.',
      default: 'refuse',
    }),
  },
  { additionalProperties: false, description: 'A record of every call that changes something.' },
);
