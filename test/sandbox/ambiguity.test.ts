import t from 'tap';
import { refuseAmbiguous, refuseUnclear } from '../../src/sandbox/ambiguity.ts';
import { headerLines, toArrival } from '../../src/sandbox/arrival.ts';

const SIGNED = ['content-type', 'host'];

function refused({ method = 'GET', target = '/x', signed = SIGNED, body = '', ...headers }: Case): string | undefined {
  const lines = { host: 'api.example.com', 'content-type': 'application/json', ...headers };
  const raw = Object.entries(lines).flatMap(([name, value]) => [value].flat().flatMap((each) => [name, each]));
  const arrival = toArrival({ method, target, headers: headerLines(raw), body: Buffer.from(body) });
  try {
    refuseUnclear(arrival, 462);
    refuseAmbiguous(arrival, signed);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

interface Case {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly 'content-type'?: string | string[];
  readonly authorization?: string[];
  readonly body?: string;
  readonly signed?: string[];
}

t.test('lets through what every implementation signs alike', async (t) => {
  const multipart = { 'content-type': 'multipart/form-data; boundary=----WebKitAbC; charset=utf-8' };
  const targets = [
    '/a%20b?c=%2B&d=%20%E4%B8%AD',
    '/a+b',
    '/api/x?',
    '/x?a;b=c,d:e@f',
    '/?%3F%23%26',
    '/a//b',
    '/.a/b..',
    '/x?a=../b',
  ];
  const cases: Case[] = [{}, multipart, { host: 'api.example.com:8443' }, ...targets.map((target) => ({ target }))];
  for (const each of cases) t.equal(refused(each), undefined, JSON.stringify(each));
});

t.test('refuses each form that implementations sign differently, and says which', async (t) => {
  const cases: readonly (readonly [RegExp, Case])[] = [
    [/method/, { method: 'get' }],
    [/not a path/, { target: 'http://api.example.com/x' }],
    [/not a path/, { target: 'x' }],
    [/two slashes/, { target: '//a' }],
    [/dot segments/, { target: '/a/../b' }],
    [/dot segments/, { target: '/a/./b' }],
    [/dot segments/, { target: '/a/%2e%2E' }],
    [/dot segments/, { target: '/a/..;x=1/b' }],
    [/slash or backslash/, { target: '/a%2Fb' }],
    [/slash or backslash/, { target: '/a%2fb' }],
    [/slash or backslash/, { target: '/a%5Cb' }],
    [/control character/, { target: '/a%00' }],
    [/control character/, { target: '/a%7F' }],
    ...[...'"<>\\^`{|}[]'].flatMap((raw): [RegExp, Case][] => [
      [/path has characters/, { target: `/a${raw}b` }],
      [/query has characters/, { method: 'POST', target: `/a?b${raw}` }],
    ]),
    [/GET has a body/, { body: '{}' }],
    [/HEAD has a body/, { method: 'HEAD', body: '{}' }],
    [/more than one Authorization/, { authorization: ['a', 'b'] }],
    [/fragment/, { target: '/x?a=1#b' }],
    [/target is not printable/, { target: '/\u00e4' }],
    [/question mark/, { target: '/x?a=b?c' }],
    [/plus/, { target: '/x?a=b+c' }],
    [/plus/, { method: 'POST', target: '/x?a=b+c' }],
    [/bad %/, { target: '/x?a=%zz' }],
    [/bad %/, { target: '/x?a=100%' }],
    [/bad %/, { target: '/x?a=%C4%E3' }],
    [/bad %/, { target: '/%C4%E3' }],
    [/host/, { host: 'API.example.com' }],
    [/content-type/, { 'content-type': 'application/JSON' }],
    [/content-type/, { 'content-type': 'application/json; charset=UTF-8' }],
    [/content-type/, { 'content-type': 'multipart/form-data; Boundary=b' }],
    [/content-type/, { 'content-type': 'text/plain; boundary=B' }],
    [/spaces/, { 'content-type': ' application/json' }],
    [/header is not printable/, { 'content-type': 'application/j\u00e4son' }],
    [/twice/, { 'content-type': ['a/b', 'a/b'] }],
    [/SignedHeaders/, { signed: ['host', 'content-type'] }],
    [/SignedHeaders/, { signed: ['content-type', 'host', 'host'] }],
    [/SignedHeaders/, { signed: ['Content-Type', 'host'] }],
  ];
  for (const [reason, each] of cases) t.match(refused(each), reason, JSON.stringify(each));
});
