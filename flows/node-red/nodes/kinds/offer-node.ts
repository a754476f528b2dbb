import { deliverAct } from '../../acts.ts';
import { type NodeRed, onMessage, type RedNode, whileRunning } from './node-red.ts';

type Config = { channel: string };

/**
 * Makes any community node a channel with our guarantee. First output: the message, on to *conclude*. Second output: what is to be sent,
 * one message a person, as often as it takes until an *outcome* node says what became of it.
 */
export default function (red: NodeRed): void {
  function offer(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    const { sabha } = red.settings;
    if (!sabha.channels().includes(config.channel)) this.status({ fill: 'yellow', shape: 'ring', text: red._('offer.nobody') });
    whileRunning(red, this, () => sabha.offered(config.channel, (message) => this.send([null, structuredClone(message)])));
    onMessage(this, (message, send) => {
      const made = deliverAct(message, config.channel);
      if (!made.ok) return made.line;
      message.acts = [...message.acts, made.act];
      send([message, null]);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-offer', offer);
}
