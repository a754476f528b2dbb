import { createDayCount, deliverAct } from '../../acts.ts';
import { type NodeRed, onMessage, type RedNode, showStatus } from './node-red.ts';

type Config = { channel: string };

/** Adds the act that tells msg.to over a channel, and passes the message on; ingest writes it at *conclude* (R23). */
export default function (red: NodeRed): void {
  /** They outlive a Deploy, which makes the nodes anew. */
  const counts = new Map<string, DayCount>();
  const dayCountOf = (id: string, now: number): DayCount => {
    const held = counts.get(id) ?? createDayCount(now, localDay);
    counts.set(id, held);
    return held;
  };
  function deliver(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    const { sabha } = red.settings;
    const isOpen = sabha.channels().includes(config.channel);
    if (!isOpen) this.status({ fill: 'yellow', shape: 'ring', text: red._('deliver.notConfigured') });
    const today = dayCountOf(this.id, sabha.now());
    const words = { today: red._('deliver.today'), since: red._('deliver.since') };
    if (isOpen) showStatus(this, () => countText(today.read(sabha.now()), words));
    onMessage(this, (message, send) => {
      const made = deliverAct(message, config.channel);
      if (!made.ok) return made.line;
      message.acts = [...message.acts, made.act];
      today.add(sabha.now());
      send(message);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-deliver', deliver);
  red.httpAdmin.get('/sabha/channels', red.auth.needsPermission('flows.read'), (_request, response) =>
    response.json(red.settings.sabha.channels()),
  );
}

type DayCount = ReturnType<typeof createDayCount>;

/** By the clock of this machine, as whoever looks at the editor reads it. */
function localDay(at: number): string {
  return new Date(at).toDateString();
}

function countText({ count, since }: ReturnType<DayCount['read']>, words: { today: string; since: string }): string {
  if (count === 0) return '';
  return since === null ? `${count} ${words.today}` : `${count} ${words.since} ${new Date(since).toTimeString().slice(0, 5)}`;
}
