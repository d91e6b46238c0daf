import type { Credential } from '../catalog/account.ts';
import { Secret } from '../catalog/secret.ts';
import type { SecretReference } from './account-schema.ts';
import { checkValue, type Fault, type Path, Unusable } from './mistakes.ts';
import type { FileConfig } from './schema.ts';
import type { Sources } from './sources.ts';
import type { Sound } from './structure.ts';

type FileCredential = FileConfig['accounts'][string]['credential'];

/** Reads the secrets of a credential and tells which of them can't be used. */
export function checkCredential(path: Path, credential: Sound<FileCredential> | undefined, sources: Sources): Fault[] {
  const check = (key: string, reference: Sound<SecretReference> | undefined, read: typeof readSecret) =>
    checkValue([...path, key], whole(reference), (value) => read(value, sources));
  switch (credential?.type) {
    case 'access-key':
      return [
        ...check('accessKey', credential.accessKey, readAccessKey),
        ...check('secretKey', credential.secretKey, readSecret),
      ];
    case 'api-key':
      return check('apiKey', credential.apiKey, readSecret);
    case undefined:
      return [];
  }
}

/**
 * Resolves the references of a credential.
 *
 * @throws Unusable for a secret that `checkCredential` finds fault with.
 */
export function toCredential(credential: FileCredential, sources: Sources): Credential {
  switch (credential.type) {
    case 'access-key': {
      const { type, accessKey, secretKey } = credential;
      return {
        type,
        accessKey: readAccessKey(accessKey, sources),
        secretKey: new Secret(readSecret(secretKey, sources)),
      };
    }
    case 'api-key': {
      const { type, username, apiKey } = credential;
      return { type, username, apiKey: new Secret(readSecret(apiKey, sources)) };
    }
  }
}

/** Reads a secret of one line. @throws Unusable */
export function readSecret(reference: SecretReference, sources: Sources): string {
  const text = sources.readSecret(reference);
  if (/\p{Cc}/u.test(text)) throw new Unusable('the secret has a line break or another control character in it');
  return text;
}

/** The access key is sent in a header and in a comma-separated list, so it may hold neither blanks nor commas. */
function readAccessKey(reference: SecretReference, sources: Sources): string {
  const text = sources.readSecret(reference);
  if (!/^[!-+\--~]+$/.test(text))
    throw new Unusable('expected an access key of printable ASCII without spaces and commas');
  return text;
}

/** A reference that is wrong in itself has its mistake already. */
export function whole(reference: Sound<SecretReference> | undefined): SecretReference | undefined {
  if (reference === undefined) return undefined;
  if ('env' in reference && reference.env !== undefined) return { env: reference.env };
  if ('file' in reference && reference.file !== undefined) return { file: reference.file };
  return undefined;
}
