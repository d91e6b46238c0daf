import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis on a unix socket, set as deploy/ recommends for one of one's own: logs of up to 512 units stay compact. */
export async function startServer() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-quota-'));
  const socket = join(folder, 's');
  const settings = ['--save', '', '--appendonly', 'no', '--zset-max-listpack-entries', '512'];
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, ...settings], { stdio: 'ignore' });
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 20));
  const cli = (...words) => execFileSync('redis-cli', ['-s', socket, ...words], { encoding: 'utf8' }).trim();
  return {
    socket,
    cli,
    /** The CPU time it has used, in µs. */
    micros() {
      const info = cli('info', 'cpu');
      const seconds = (name) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(info)?.[1]);
      return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
    },
    stop() {
      server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
