// What the gateway is compared with: @fastify/http-proxy as it comes. `node bare-proxy.js PORT UPSTREAM`.
import httpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [port, upstream] = process.argv.slice(2);
const server = Fastify({ logger: false });
server.register(httpProxy, { upstream });
await server.listen({ host: '127.0.0.1', port: Number(port) });
