/**
 * Relays a Unix socket to a TCP port of its network namespace: `door.ts SOCKET PORT`. Other namespaces reach the socket through the file
 * system.
 */
import { connect, createServer } from 'node:net';

const [path = '', port = '0'] = process.argv.slice(2);
const server = createServer((near) => {
  const far = connect(Number(port), '127.0.0.1');
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.pipe(other);
  }
});
server.listen(path, () => console.log('listening'));
