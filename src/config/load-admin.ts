import type { Config } from './config.ts';
import { readDocument } from './document.ts';
import { ConfigError } from './mistakes.ts';
import { readText } from './sources.ts';
import { checkStructure } from './structure.ts';

/**
 * Loads where the operator's port is, and nothing else of the file: secrets need not be readable, and the rest may have mistakes,
 * as while it is being edited under a gateway that runs.
 *
 * @throws Unusable when the file can't be read
 * @throws ConfigError when it isn't YAML or `admin` has a mistake
 */
export function loadAdmin(file: string): Config['admin'] {
  const document = readDocument(readText(file));
  if (document.mistakes.length > 0) throw new ConfigError(file, document.mistakes);
  const { sound, faults } = checkStructure(document.value);
  const { host, port } = sound.admin ?? {};
  if (host === undefined || port === undefined) {
    throw new ConfigError(file, faults.filter(({ path }) => path[0] === 'admin').map(document.locate));
  }
  return { host, port };
}
