/** The least that reads our messages: mqtt.js, JSON.parse and a switch. It keeps nothing and answers nobody. */
import { createServer } from 'node:http';
import { connect } from 'mqtt';

const [mqttPort, countPort, username, password] = process.argv.slice(2);
const counts = { event: 0, beat: 0, other: 0 };
const client = connect({ host: '127.0.0.1', port: Number(mqttPort), clientId: 'flows', username, password, clean: true } as object);
client.on('connect', () =>
  client.subscribe(['sabha/v1/+/+/+/beat', 'sabha/v1/+/+/+/event'], { qos: 1 }, () => process.stdout.write('subscribed\n')),
);
client.on('message', (topic, payload) => {
  const message = JSON.parse(payload.toString());
  switch (topic.split('/').at(-1)) {
    case 'event':
      if (message.kind) counts.event += 1;
      break;
    case 'beat':
      if (message.digest) counts.beat += 1;
      break;
    default:
      counts.other += 1;
  }
});
createServer((_, response) => response.end(JSON.stringify(counts))).listen(Number(countPort), '127.0.0.1');
