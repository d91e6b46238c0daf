import { type BadFile, REST, withCredential } from './bad-file.ts';

/** What is wrong with listeners, limits and the log. */
export const badSettings: readonly BadFile[] = [
  {
    name: 'another store',
    yaml: `store: { type: disk }\n${REST}`,
    mistakes: ['1:10  store.type  expected "memory" or "redis"'],
  },
  {
    name: 'a journal in no folder',
    yaml: `store: { type: memory, journal: nowhere/gateway.journal }\n${REST}`,
    mistakes: ['1:24  store.journal  folder "$/nowhere" does not exist'],
  },
  {
    name: 'a journal behind a file',
    yaml: `store: { type: memory, journal: gateway.yaml/journal }\n${REST}`,
    mistakes: ['1:24  store.journal  folder "$/gateway.yaml" cannot be written in (ENOTDIR)'],
  },
  {
    name: 'a folder as journal',
    yaml: `store: { type: memory, journal: . }\n${REST}`,
    mistakes: ['1:24  store.journal  expected a file, and "$" is a folder'],
  },
  {
    name: 'a journal of nothing',
    yaml: `store: { type: memory, journal: }\n${REST}`,
    mistakes: ['1:24  store.journal  expected the path of a file, got nothing'],
  },
  {
    name: 'no listener',
    yaml: `listen: []\n${REST}`,
    mistakes: ['1:1  listen  expected a list of at least one listener'],
  },
  {
    name: 'a port in quotes',
    yaml: `admin: { port: "9090" }\n${REST}`,
    mistakes: ['1:10  admin.port  expected a port from 0 to 65535, got "9090"'],
  },
  {
    name: 'a port beyond the last',
    yaml: `admin: { port: 65536 }\n${REST}`,
    mistakes: ['1:10  admin.port  expected a port from 0 to 65535, got 65536'],
  },
  {
    name: 'a port in the host',
    yaml: `admin: { host: "127.0.0.1:9090" }\n${REST}`,
    mistakes: ['1:10  admin.host  expected an address or host name such as 127.0.0.1, got "127.0.0.1:9090"'],
  },
  {
    name: 'two listeners on one address',
    yaml: `listen:\n  - port: 8081\n  - port: 8081\n${REST}`,
    mistakes: ['3:5  listen[1]  listens on 127.0.0.1:8081, as listen[0] does'],
  },
  {
    name: 'the admin port on a listener for consumers',
    yaml: `listen:\n  - port: 9000\nadmin: { port: 9000 }\n${REST}`,
    mistakes: ['3:1  admin  listens on 127.0.0.1:9000, as listen[0] does'],
  },
  {
    name: 'a size without unit',
    yaml: `limits: { body: 1048576 }\n${REST}`,
    mistakes: ['1:11  limits.body  expected a size such as 10MiB (B, KiB or MiB; at most 256MiB), got 1048576'],
  },
  {
    name: 'a size of another unit',
    yaml: `limits: { body: 10MB }\n${REST}`,
    mistakes: ['1:11  limits.body  expected a size such as 10MiB (B, KiB or MiB; at most 256MiB), got "10MB"'],
  },
  {
    name: 'a body beyond what memory is for',
    yaml: `limits: { body: 257MiB }\n${REST}`,
    mistakes: ['1:11  limits.body  expected a size such as 10MiB (B, KiB or MiB; at most 256MiB), got "257MiB"'],
  },
  {
    name: 'a target that is longer than the head that holds it',
    yaml: `limits: { url: 17KiB }\n${REST}`,
    mistakes: ['1:11  limits.url  larger than limits.headers, which is 16KiB'],
  },
  {
    name: 'a delay of a drain beyond an hour',
    yaml: `limits: { drainDelay: 61m }\n${REST}`,
    mistakes: ['1:11  limits.drainDelay  expected a duration such as 5s (at most 1h), got "61m"'],
  },
  {
    name: 'a timeout of nothing',
    yaml: `limits: { connectTimeout: 0s }\n${REST}`,
    mistakes: ['1:11  limits.connectTimeout  expected a duration such as 5s (1ms to 1d), got "0s"'],
  },
  {
    name: 'a timeout beyond the timers',
    yaml: `limits: { upstreamTimeout: 25d }\n${REST}`,
    mistakes: ['1:11  limits.upstreamTimeout  expected a duration such as 5s (1ms to 1d), got "25d"'],
  },
  {
    name: 'no request in flight',
    yaml: `limits: { inFlight: 0 }\n${REST}`,
    mistakes: ['1:11  limits.inFlight  expected a whole number from 1, got 0'],
  },
  {
    name: 'a wait beyond an hour',
    yaml: `limits: { wait: 61m }\n${REST}`,
    mistakes: ['1:11  limits.wait  expected a duration such as 2m (at most 1h), got "61m"'],
  },
  {
    name: 'no place to wait',
    yaml: `limits: { waiting: 0 }\n${REST}`,
    mistakes: ['1:11  limits.waiting  expected a whole number from 1, got 0'],
  },
  {
    name: 'an unknown level',
    yaml: `log: { level: verbose }\n${REST}`,
    mistakes: [
      '1:8  log.level  expected "fatal", "error", "warn", "info", "debug", "trace" or "silent", got "verbose"',
    ],
  },
  {
    name: 'a level of nothing',
    yaml: `log: { level: }\n${REST}`,
    mistakes: ['1:8  log.level  expected "fatal", "error", "warn", "info", "debug", "trace" or "silent", got nothing'],
  },
  {
    name: 'a wrong value behind an alias',
    yaml: `listen: [&here { port: 0, hots: localhost }]\nadmin: *here\n${REST}`,
    mistakes: [
      '1:27  listen[0].hots  unknown key; did you mean "host"?',
      '1:27  admin.hots  unknown key; did you mean "host"?',
    ],
  },
  {
    name: 'many mistakes',
    yaml:
      'log: { level: loud }\n' +
      withCredential('{ type: api-key, username: u, apiKey: { env: UNSET } }') +
      'limits: { body: 5, bdy: 5 }\nconsumers:\n  bot: { token: { sha256: x }, accounts: [mian], allow: ["*"] }\n',
    mistakes: [
      '1:8  log.level  expected "fatal", "error", "warn", "info", "debug", "trace" or "silent", got "loud"',
      '4:47  accounts.main.credential.apiKey  environment variable UNSET is not set',
      '6:11  limits.body  expected a size such as 10MiB (B, KiB or MiB; at most 256MiB), got 5',
      '6:20  limits.bdy  unknown key; did you mean "body"?',
      '8:19  consumers.bot.token.sha256  expected 64 lower-case hexadecimal digits',
      '8:43  consumers.bot.accounts[0]  no account is named "mian"; did you mean "main"?',
    ],
  },
];
