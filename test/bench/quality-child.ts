/** The peer of the bench `quality`: a bare UDP echo, the minimum of a reflector in Node. It sends its port and ends with its parent. */
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (packet, { port, address }) => socket.send(packet, port, address));
socket.bind(0, '127.0.0.1', () => process.send?.({ port: socket.address().port, pid: process.pid }));
process.once('disconnect', () => process.exit(0));
