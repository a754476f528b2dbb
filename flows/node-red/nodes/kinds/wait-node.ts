import type { WireMessage } from '../../../engine/records/incidents.ts';
import { toMs, waitAct, waitsText } from '../../acts.ts';
import { type NodeRed, onMessage, type RedNode, showStatus, whileRunning } from './node-red.ts';

type Config = { duration: string; durationType: 's' | 'min' | 'h' | 'msg'; unlessAcknowledged: boolean };

/** A wait that outlives a restart: first output for now (to *conclude*), second output when it is due (R22, R25). */
export default function (red: NodeRed): void {
  function wait(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    const { id: node } = this;
    const fromMessage = config.durationType === 'msg';
    const duration = (message: WireMessage) =>
      fromMessage ? toMs(red.util.getMessageProperty(message, config.duration), 'ms') : toMs(config.duration, config.durationType);

    whileRunning(red, this, () => red.settings.sabha.waiting(node, (message) => this.send([null, structuredClone(message)])));
    const words = { waiting: red._('wait.waiting'), next: red._('wait.next') };
    showStatus(this, () => waitsText(red.settings.sabha.waits(node), red.settings.sabha.now(), words));
    onMessage(this, (message, send) => {
      const forMs = duration(message);
      if (forMs === undefined) return `no time to wait: ${fromMessage ? `msg.${config.duration}` : `"${config.duration}"`} is not a number`;
      const act = waitAct(message, { node, forMs, unlessAcknowledged: config.unlessAcknowledged }, red.settings.sabha.now());
      if (typeof act === 'object') message.acts = [...message.acts, act];
      send(act === 'due' ? [null, message] : [message, null]);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-wait', wait);
}
