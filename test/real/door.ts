/** A door to a port of a namespace: `door.ts SOCKET PORT`. A socket in the file system is reached from every other one. */
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
