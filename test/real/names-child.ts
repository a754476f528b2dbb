/** Connects to a host that has a name, so many times, and says at its end what the meter counted. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { meterTcp } from '../../agent/link/net/meter.ts';

const [host = '', port = '', times = ''] = process.argv.slice(2);
let counted = 0;
for (let nth = 0; nth < Number(times); nth += 1) {
  const socket = connect({ host, port: Number(port) });
  meterTcp(socket, (bytes) => {
    counted += bytes;
  });
  await once(socket, 'connect');
  socket.resume().end();
  await once(socket, 'close');
}
console.log(JSON.stringify({ msg: 'counted', bytes: counted }));
