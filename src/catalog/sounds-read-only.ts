/** Words of a change, or of something that one shouldn't get who may only look; long enough not to be part of a harmless one. */
const ANYWHERE =
  /delete|remove|destroy|update|modify|create|insert|replace|enable|disable|cancel|revoke|rename|submit|upload|publish|deploy|register|activate|restart|reboot|import|upgrade|refresh|purge|prefetch|token|secret|passw|credential|keypair|apikey|accesskey|privatekey|download/;

/** The same, but part of harmless words (`address`, `settings`, `runtime`), so they count only by themselves. */
const ALONE = new Set(
  'add apply ban bind change clean clear close copy del drop edit exec execute forbid kill lock mark move new open patch post push put reset rollback run save send set start stop switch sync unban unbind unlock unset write key keys'.split(
    ' ',
  ),
);

/**
 * Whether a path of the vendor's that nothing is known of could be a look-up, by its words alone. Not every GET is one: the vendor
 * removes a hostname with one. Wrong only in being too careful.
 *
 * @param matchPath as `Target.matchPath`
 */
export function soundsReadOnly(matchPath: string): boolean {
  const text = matchPath.normalize('NFKC');
  if (ANYWHERE.test(text.toLowerCase())) return false;
  return !wordsOf(text).some((word) => ALONE.has(word));
}

/** `/api/domainInfo/get-list` → api, domain, info, get, list. */
function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}
