/**
 * The baseline of the bench `quality`: a bare UDP echo, the smallest possible reflector in Node. It sends its port to its parent process
 * and ends with it.
 */
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (packet, { port, address }) => socket.send(packet, port, address));
socket.bind(0, '127.0.0.1', () => process.send?.({ port: socket.address().port, pid: process.pid }));
process.once('disconnect', () => process.exit(0));
