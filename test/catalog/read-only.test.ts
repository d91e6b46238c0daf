// What `read-only` lets a caller do, and what the audit log leaves out.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { loadCatalogue } from '../../src/catalog/api-interface.ts';
import { soundsReadOnly } from '../../src/catalog/sounds-read-only.ts';

const catalogue = loadCatalogue();

/** Of a change, or of what nobody should get who may only look. The source's words and more, anywhere in a path or name. */
const SUSPICIOUS =
  /delete|remove|destroy|update|modify|create|insert|replace|enable|disable|cancel|revoke|rename|submit|upload|publish|deploy|register|activate|restart|reboot|import|upgrade|refresh|purge|prefetch|token|secret|passw|credential|key|download|downfile|certificate|csr|\bban(?!d)|forbid|switch|marking|\badd|\bset(?!t)|edit/i;

/** Look-ups that sound like more, by why they are none. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  'looks at what was or may be purged, prefetched or refreshed': [
    'POST /api/cbos/refresh/query-refresh-page',
    'POST /ccm/fetch/ItemIdQuery',
    'POST /ccm/prefetch/quota',
    'POST /ccm/purge/ItemIdQuery',
    'POST /ccm/purge/limit',
    'POST /ccm/purge/quota',
    'GET /ccm/upperQuery',
    'GET /cdn/prefetches',
    'GET /cdn/prefetches/*',
    'GET /cdn/purges',
    'GET /cdn/purges/*',
    'GET /cdn/purges/purgeSummary',
  ],
  'a number of purges that are left, not a credential': ['GET /cdn/purges/purgeTokens'],
  'looks at deployments': [
    'POST /api/request/*',
    'GET /api/v1/security-policy/get-pre-deploy-result',
    'GET /apis/apps/v1/namespaces/*/deployments',
    'GET /apis/apps/v1/namespaces/*/deployments/*',
    'GET /cdn/deploymentTasks',
    'GET /cdn/deploymentTasks/*',
    'GET /cdn/hostnames',
  ],
  'what a certificate is and where it is used, not its content': [
    'GET /api/certificate/*',
    'GET /api/certificate/*/domain',
    'POST /api/certificate/order/detail',
    'POST /api/certificate/order/domain/validate/info',
    'POST /api/certificate/order/list',
    'GET /api/ssl/certificate',
    'GET /api/ssl/certificate/*',
    'POST /api/ssl/certificate/pagination',
    'POST /api/terraform/certificate/order/detail',
    'POST /api/terraform/certificate/order/list',
    'POST /api/terraform/certificates',
    'GET /api/config/certificate/*',
    'GET /api/config/certificate/v2/*',
    'GET /cdn/certificates',
    'GET /cdn/certificates/*',
  ],
  'public by its nature: a certificate of an authority, a request for one': [
    'GET /api/certificate/ca/*',
    'POST /api/certificate/ca/list',
    'GET /api/csr-manage/list',
    'GET /cdn/certificates/*/csr',
  ],
  'where logs are; they hold what visitors did, not keys': [
    'POST /api/report/log/download-file/transcoding',
    'POST /api/report/log/downloadLink',
    'POST /cdn/report/logDownload',
    'POST /soc/attackLogService/downFile',
  ],
  'what a setting is, whose name is a verb': [
    'POST /api/config/banurl',
    'GET /api/config/headermodify/*',
    'GET /api/config/transcodeswitch/*',
    'POST /api/spider/ip-forbid/query',
    'POST /api/spider/ip-whitelist/query',
    'POST /api/spider/label-ip-forbid/query',
    'POST /api/v1/bot-manage/get-function-switch',
    'POST /cm/stream/forbidQuery',
    'GET /live/domains/*/publishReports',
  ],
  'which rules there are, or a newer version would bring': [
    'GET /api/v1/common/whitelist/get-imported-share-config',
    'POST /api/v1/customize-rule/get-import-share-rule',
    'GET /api/v1/waf/conf/base/get-upgrade-domain-list',
    'POST /api/v1/waf/rule/get-upgrade-rule-list',
  ],
  'a key of a cache or of a stored value': ['GET /api/config/cachekey/*', 'POST /edgekv/kv'],
  'figures: of uploads, of words; hosts to upload to': [
    'POST /cdn/report/upVol',
    'POST /myview/CdnwEdgeReportForKeywordAquan',
    'POST /vod/domainManage/getDomainList',
  ],
};

type Row = Record<'name' | 'method' | 'uri', string> & { readonly aliases?: readonly { readonly name: string }[] };
const rows: readonly Row[] = JSON.parse(readFileSync(new URL('../../config/interfaces.json', import.meta.url), 'utf8'));

t.test('no look-up of the catalogue sounds like a change or a key, but for those with a reason', async (t) => {
  const suspects = rows
    .filter(({ method, uri }) => catalogue.interfaces.find(({ id }) => id === `${method} ${uri}`)?.readOnly)
    .filter(({ name, uri, aliases = [] }) => {
      const texts = [uri, name, ...aliases.map((alias) => alias.name)];
      return texts.some((text) => SUSPICIOUS.test(text)) || !soundsReadOnly(uri);
    })
    .map(({ method, uri }) => `${method} ${uri}`);
  t.strictSame(suspects.sort(), Object.values(HARMLESS).flat().sort());
});

t.test('calls that change something or give out credentials are no look-ups, whatever their method', async (t) => {
  for (const [method = '', path = ''] of [
    ['GET', '/api/v1/common/sys-domain-info/remove'],
    ['HEAD', '/api/v1/common/sys-domain-info/remove'],
    ['GET', '/vod/audioManage/getAudioUploadToken'],
    ['POST', '/vod/videoManage/getUploadToken'],
    ['POST', '/vod/material/getMaterialUploadToken'],
    ['GET', '/api/ssl/content/7/download'],
    ['GET', '/api/certificate/7/content'],
    ['POST', '/api/sam/api-discovery/false-marking'],
    ['GET', '/openapi/custom/api/v1/token'],
    ['GET', '/api/v1/namespaces/a/secrets/b'],
    ['GET', '/api/config/ossaccess/www.example.com'],
  ]) {
    t.equal(catalogue.find(method, path).readOnly, false, `${method} ${path}`);
  }
  for (const path of ['/api/domain', '/api/domain/www.example.com', '/cdn/purges/1', '/api/report/hit']) {
    t.equal(catalogue.find('GET', path).readOnly, true, path);
  }
});

t.test('a GET outside the catalogue is a look-up unless a word of its path says otherwise', async (t) => {
  for (const path of [
    '/api/thing',
    '/api/thing/7',
    '/api/address/settings',
    '/api/thing/get-list',
    '/api/report/runtime',
    '/api/banner/asset',
    '/api/domain/x/offset/2',
  ]) {
    t.equal(catalogue.find('GET', path).readOnly, true, path);
    t.equal(catalogue.find('HEAD', path).readOnly, true, path);
    t.equal(catalogue.find('POST', path).readOnly, false, path);
  }
  for (const path of [
    '/api/thing/remove',
    '/api/thing/remove.do',
    '/api/thing/REMOVE',
    '/api/Thing/removeThing',
    '/api/removething/7',
    '/api/thing/add',
    '/api/addThing',
    '/api/thing/set-state',
    '/api/thing/ｒｅｍｏｖｅ',
    '/api/thing/stop',
    '/api/thing.stop',
    '/API/V1/common/sys-domain-info/Remove',
    '/vod/audiomanage/getaudiouploadtoken',
  ]) {
    t.equal(catalogue.find('GET', path).readOnly, false, path);
    t.equal(catalogue.find('HEAD', path).readOnly, false, path);
  }
});

t.test('a GET of a path that the catalogue has for changes alone is no look-up', async (t) => {
  t.equal(catalogue.find('GET', '/ccm/fetch/ItemIdReceiver').readOnly, false);
  t.equal(catalogue.find('GET', '/account-ident').readOnly, false);
  t.equal(catalogue.find('GET', '/account-ident/7').readOnly, false);
  t.equal(catalogue.find('GET', '/account-ident/list').readOnly, false, 'a DELETE may mean the account list');
  t.equal(catalogue.find('GET', '/api/quality/frame-rate').readOnly, true, 'the POST is a look-up');
});

t.test('an interface of the configuration is judged like any other outside the catalogue', async (t) => {
  const { interfaces } = loadCatalogue(['GET /api/thing/*', 'GET /api/thing/remove', 'GET /account-ident/*', 'PUT /a']);
  t.strictSame(
    interfaces.slice(-4).map(({ readOnly }) => readOnly),
    [true, false, false, false],
  );
});

t.test('no path with a verb of change in it, however written, is a look-up', async () => {
  const verb = fc.constantFrom('remove', 'delete', 'update', 'create', 'enable', 'disable', 'add', 'set', 'stop');
  const write = fc.constantFrom(
    (word: string) => word,
    (word: string) => `${word}-it`,
    (word: string) => `it_${word}`,
    (word: string) => `it${word[0]?.toUpperCase()}${word.slice(1)}`,
    (word: string) => word.toUpperCase(),
    (word: string) => `${word}.json`,
  );
  const segment = fc.stringMatching(/^[a-z0-9.]{1,8}$/);
  const around = fc.array(segment, { maxLength: 3 });
  fc.assert(
    fc.property(around, verb, write, around, (before, word, spell, after) => {
      const path = `/zz/${[...before, spell(word), ...after].join('/')}`;
      return !catalogue.find('GET', path).readOnly;
    }),
  );
});
