import { deliverAct } from '../../node-red/acts.ts';
import { type NodeRed, onMessage, type RedNode } from './node-red.ts';

type Config = { channel: string };

/** Adds the act that tells msg.to over a channel, and passes the message on; ingest writes it at *conclude* (R23). */
export default function (red: NodeRed): void {
  function deliver(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    if (!red.settings.sabha.channels().includes(config.channel)) {
      this.status({ fill: 'yellow', shape: 'ring', text: red._('deliver.notConfigured') });
    }
    onMessage(this, (message, send) => {
      const made = deliverAct(message, config.channel);
      if (!made.ok) return made.line;
      message.acts = [...message.acts, made.act];
      send(message);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-deliver', deliver);
  red.httpAdmin.get('/sabha/channels', red.auth.needsPermission('flows.read'), (_request, response) =>
    response.json(red.settings.sabha.channels()),
  );
}
