import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Answer } from './answer.ts';
import { type Arrival, onlyValue } from './arrival.ts';
import type { QuotaDecision } from './quota-log.ts';

const SUCCESS = { code: '0', message: 'success' };

/** The domains that every sandbox has. It keeps no state: what is created, changed or deleted is accepted and forgotten. */
const DOMAINS = ['www', 'static', 'img', 'video', 'api', 'download', 'live', 'news'].map((label, index) => ({
  'domain-id': 1000 + index,
  'domain-name': `${label}.example.com`,
  'service-type': 'web',
  cname: `${label}.example.com.wscdns.example`,
  status: 'Deployed',
  enabled: 'true',
}));

/** Answers a verified request in the shape that the vendor's pages show for its interface; any other gets back what arrived. */
export function shape(arrival: Arrival, apiInterface: string): Answer {
  const origin = `http://${onlyValue(arrival.headers, 'host') ?? ''}`;
  const lastSegment = arrival.path.slice(arrival.path.lastIndexOf('/') + 1);
  switch (apiInterface) {
    case 'GET /api/domain':
      return { status: 200, body: { ...SUCCESS, data: DOMAINS } };
    case 'GET /api/domain/*':
      return domainNamed(lastSegment);
    case 'POST /api/domain':
      return accepted(`${origin}/api/domain/${randomInt(100_000, 1_000_000)}`);
    case 'PUT /api/domain/*':
    case 'DELETE /api/domain/*':
      return accepted(`${origin}/api/domain/${lastSegment}`);
    case 'GET /api/request/*':
      return { status: 200, body: { 'request-id': lastSegment, 'async-result': 'SUCCESS' } };
    case 'POST /ccm/purge/ItemIdReceiver':
    case 'POST /ccm/fetch/ItemIdReceiver':
      return { status: 200, body: { Code: 1, Message: 'handle success', itemId: randomBytes(16).toString('hex') } };
    case 'POST /api/certificate':
      return created(`${origin}/api/certificate/${randomInt(100_000, 1_000_000)}`);
    case 'POST /cdn/certificates':
      return created(`${origin}/cdn/certificates/${randomBytes(12).toString('hex')}`);
    case 'DELETE /api/certificate/*':
      return { status: 204 };
    default:
      return echo(arrival, apiInterface);
  }
}

/** What is beyond a quota gets 446 with the code by which clients know it; the vendor sends no `Retry-After`. */
export function throttled(decision: Exclude<QuotaDecision, 'admitted'>): Answer {
  const spent = decision === 'account-spent' ? 'account' : 'interface';
  return {
    status: 446,
    body: {
      code: 'WPLUS_AccountApiTooFrequence',
      message: `calls are too frequent: the quota of the ${spent} is spent`,
    },
  };
}

function domainNamed(name: string): Answer {
  const domain = DOMAINS.find((known) => known['domain-name'] === name);
  return domain
    ? { status: 200, body: { ...SUCCESS, data: domain } }
    : { status: 400, body: { code: 'NoSuchDomain', message: 'The specified domain does not exist.' } };
}

/** Deployment goes on after the answer; its `x-cnc-request-id` asks for the progress at `GET /api/request/{id}`. */
function accepted(location: string): Answer {
  return { status: 202, headers: { location }, body: SUCCESS };
}

/** The id of what was created is in `Location` alone. */
function created(location: string): Answer {
  return { status: 201, headers: { location }, body: SUCCESS };
}

function echo({ method, target, headers, body }: Arrival, apiInterface: string): Answer {
  const data = {
    method,
    target,
    contentType: onlyValue(headers, 'content-type') ?? '',
    bodySha256: createHash('sha256').update(body).digest('hex'),
    bodyBytes: body.length,
  };
  return { status: 200, body: { ...SUCCESS, interface: apiInterface, data } };
}
