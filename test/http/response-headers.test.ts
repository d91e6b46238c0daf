import t from 'tap';
import { responseHeaders } from '../../src/http/response-headers.ts';

function locationOf(location: string, origin: string): string | undefined {
  return responseHeaders({ location }, origin).location;
}

t.test("a default port is the same as none in a Location, and the scheme isn't compared", (t) => {
  for (const location of [
    'https://api.vendor.example/x',
    'https://api.vendor.example:443/x',
    'http://api.vendor.example/x',
    'http://api.vendor.example:80/x',
    'HTTPS://API.Vendor.Example/x',
    '//api.vendor.example/x',
    '//api.vendor.example:443/x',
  ]) {
    t.equal(locationOf(location, 'https://api.vendor.example'), '/x', location);
  }
  t.end();
});

t.test('another port or host in a Location is somebody else', (t) => {
  for (const location of [
    'https://api.vendor.example:8443/x',
    'https://api.vendor.example:4443/x',
    'https://vendor.example/x',
    'https://user@api.vendor.example/x',
    'https://api.vendor.example.evil.example/x',
    '//vendor.example/x',
    'https://api.vendor.example:80/x',
  ]) {
    t.equal(locationOf(location, 'https://api.vendor.example'), location);
  }
  t.equal(locationOf('https://api.vendor.example:8443/x', 'https://api.vendor.example:8443'), '/x');
  t.equal(
    locationOf('https://api.vendor.example/x', 'https://api.vendor.example:8443'),
    'https://api.vendor.example/x',
  );
  t.end();
});
