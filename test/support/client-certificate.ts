import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

/**
 * Makes a self-signed client certificate.
 *
 * @param options.subject in openssl's words: `/O=Example/CN=a`
 * @param options.alternativeNames kind and value; a value may hold anything
 */
export function makeCertificate(
  t: Pick<Test, 'testdir'>,
  { subject, alternativeNames = [] }: { subject: string; alternativeNames?: readonly (readonly [string, string])[] },
): X509Certificate {
  const folder = t.testdir();
  const config = join(folder, 'openssl.cnf');
  const names = alternativeNames.map(([kind, value], index) => `${kind}.${index} = ${value}\n`);
  const extension = names.length === 0 ? '' : `subjectAltName = @names\n[names]\n${names.join('')}`;
  writeFileSync(config, `[req]\ndistinguished_name = dn\nx509_extensions = extension\n[dn]\n[extension]\n${extension}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'key.pem')];
  const args = ['req', '-x509', '-config', config, ...key, '-days', '2', '-subj', subject];
  return new X509Certificate(execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }));
}
