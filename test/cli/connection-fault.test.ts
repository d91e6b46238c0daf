import t from 'tap';
import { connectionFault } from '../../src/cli/online/connection-fault.ts';

const coded = (code: string) => Object.assign(new Error('failed'), { code });

t.test('a fault is known by its code, wherever in the error that is, and the code is told too', async (t) => {
  const says = /^the name has no address: .* \(ENOTFOUND\)$/;
  t.match(connectionFault(coded('ENOTFOUND')), says);
  t.match(connectionFault(new Error('outer', { cause: coded('ENOTFOUND') })), says);
  t.match(connectionFault(new AggregateError([coded('UNHEARD_OF'), coded('ENOTFOUND')])), says);
  t.match(connectionFault(coded('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')), /TLS .*\(ERR_SSL_TLSV1_ALERT/);
});

t.test('what is not about a connection has no such fault', async (t) => {
  for (const error of [coded('UNHEARD_OF'), coded('toString'), new Error('plain'), 'text', undefined]) {
    t.equal(connectionFault(error), undefined);
  }
});
