/** The tabs as they decide (flows/tabs): hold, who, deliver, escalate, told; and each way in which an editor can break them. */
import { deliverAct, waitAct } from '../../flows/node-red/acts.ts';
import type { Wires } from '../../flows/node-red/wires.ts';
import type { WireMessage } from '../../flows/records/incidents.ts';
import type { Process } from './time.ts';

/** `cut`: a wire before *conclude* is gone. `no-waits`: the wait nodes are gone. `throws`: a node throws and the catch tells central. */
export type Broken = 'cut' | 'no-waits' | 'throws' | null;

type Wait = { node: string; forMs: number; unlessAcknowledged: boolean };

const minute = 60_000;
const turnMs = 2;

/** Runs the tabs in a process; `broken` is asked at each message. Answers what a deploy without them does. */
export function startTabs(wires: Wires, process: Process, broken: () => Broken): () => void {
  const later = (task: () => void) => void process.clock.after(turnMs, task);
  const copy = (take: (message: WireMessage) => void) => (message: WireMessage) => {
    const own = structuredClone(message);
    later(() => take(own));
  };
  const conclude = (message: WireMessage, how: string) => {
    if (broken() !== 'cut') wires.conclude(message, how);
  };

  function head(message: WireMessage): void {
    if (broken() === 'throws') return central(message, 'error on the tab');
    const { kind } = message.transition;
    if (kind !== 'raised' && kind !== 'worsened') return told(message);
    if (message.fault === 'pc.silent') return who(message);
    if (message.incident.scope.startsWith('centre')) return deliver({ ...message, to: ['central'] });
    wait(message, { node: 'hold', forMs: message.holdMs, unlessAcknowledged: false }, who);
  }
  function wait(message: WireMessage, how: Wait, due: (message: WireMessage) => void): void {
    const act = waitAct(message, how, wires.now());
    if (act === 'due') return due(message);
    const acts = act === 'idle' ? message.acts : [...message.acts, act];
    conclude({ ...message, acts }, 'waits');
  }
  function who(message: WireMessage): void {
    if (message.severity === 'info') return conclude(message, 'not told: info only');
    deliver({ ...message, to: ['technician'] });
  }
  function told(message: WireMessage): void {
    if (message.incident.told.length === 0) return conclude(message, 'not told: nobody knew of it');
    deliver({ ...message, to: [...message.incident.told] });
  }
  function deliver(message: WireMessage): void {
    const acts = ['email', 'console'].flatMap((channel) => {
      const made = deliverAct(message, channel);
      return made.ok ? [made.act] : [];
    });
    escalate({ ...message, acts: [...message.acts, ...acts] });
  }
  function escalate(message: WireMessage): void {
    const { kind } = message.transition;
    const isNew = kind === 'raised' || kind === 'worsened';
    if (!isNew || message.to.includes('central') || message.severity === 'minor') return conclude(message, 'told');
    if (message.severity === 'major')
      return wait(message, { node: 'escalate-60', forMs: 60 * minute, unlessAcknowledged: true }, toCentral);
    if (message.to.includes('state'))
      return wait(message, { node: 'escalate-45', forMs: 45 * minute, unlessAcknowledged: true }, toCentral);
    wait(message, { node: 'escalate-15', forMs: 15 * minute, unlessAcknowledged: true }, toState);
  }
  function toCentral(message: WireMessage): void {
    deliver({ ...message, to: ['central'] });
  }
  function toState(message: WireMessage): void {
    deliver({ ...message, to: ['state'] });
  }
  function central(message: WireMessage, how: string): void {
    const made = deliverAct({ ...message, to: ['central'] }, 'email');
    conclude({ ...message, acts: made.ok ? [made.act] : [] }, how);
  }

  const waits = { hold: who, 'escalate-15': toState, 'escalate-45': toCentral, 'escalate-60': toCentral };
  const cancels = [wires.head(copy(head))];
  for (const [node, due] of Object.entries(waits)) {
    // A wait node that an edit removed is known to the view no more: its message comes to the head.
    if (broken() !== 'no-waits') cancels.push(wires.waiting(node, copy(due)));
  }
  return () => {
    for (const cancel of cancels) cancel();
  };
}
