// The least that can stand for the vendor: node:http, 1 KB of JSON and a request id. `node upstream.js PORT`.
import { createServer } from 'node:http';

const body = Buffer.from(JSON.stringify({ code: '0', message: 'success', data: 'x'.repeat(984) }));
let count = 0;

createServer((request, response) => {
  request.resume().once('end', () => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      'x-cnc-request-id': (count++).toString(16).padStart(32, '0'),
    });
    response.end(body);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
