import type { WireMessage } from '../../../engine/records/incidents.ts';
import { actByHours } from '../../../sites/calendar/hours-act.ts';
import { rulesOf } from '../../../sites/calendar/when.ts';
import { waitsText } from '../../acts.ts';
import { type NodeRed, onMessage, type RedNode, type Send, showStatus, whileRunning } from './node-red.ts';

type Config = { before: string; digest: string; near: string; grace: string };

/** Meetings and hours: what is urgent for a meeting goes on as critical; what nobody needs at night waits for the morning (first output, to *conclude*). */
export default function (red: NodeRed): void {
  function when(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    const { id: node } = this;
    const { sabha } = red.settings;
    const read = rulesOf(config);
    if (!read.ok) this.status({ fill: 'yellow', shape: 'ring', text: read.line });
    const handle = (message: WireMessage, send: Send) => {
      if (!read.ok) return read.line;
      const { go, how } = actByHours(message, sabha.moment(message.incident.scope, read.rules), { node, now: sabha.now() });
      send(go ? [null, message] : [Object.assign(message, { how }), null]);
      return undefined;
    };
    // Where the numbers cannot be read nothing leaves here: the offer is made again, and then takes the default route (R24).
    whileRunning(red, this, () => sabha.waiting(node, (message) => void handle(structuredClone(message), (all) => this.send(all))));
    const words = { waiting: red._('when.waiting'), next: red._('when.next') };
    if (read.ok) showStatus(this, () => waitsText(sabha.waits(node), sabha.now(), words));
    onMessage(this, handle);
  }
  red.nodes.registerType('sabha-when', when);
}
