import { UsageError } from './command.ts';

/** A port number from the command line; 0 asks for any free one. */
export function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65_535) throw new UsageError(`"${text}" is not a port number`);
  return number;
}
