import type { WireMessage } from '../../../engine/records/incidents.ts';
import { faultsToChoose, isOne, readUrgency, readWhich, readWho, toldNow, urgencyNow } from '../../rules.ts';
import { type NodeRed, onMessage, type RedNode } from './node-red.ts';

type Read<T> = { ok: true; value: T } | { ok: false; line: string };

/** The nodes that decide by their dialog alone: *who* is told, with which *urgency*, and *which* way a message goes. */
export default function (red: NodeRed): void {
  function register<T>(type: string, read: (config: unknown) => Read<T>, decide: (message: WireMessage, dialog: T) => unknown): void {
    red.nodes.registerType(type, function (this: RedNode, config: unknown) {
      red.nodes.createNode(this, config);
      const dialog = read(config);
      onMessage(this, (message, send) => {
        if (!dialog.ok) return dialog.line;
        send(decide(message, dialog.value));
        return undefined;
      });
    });
  }
  register('sabha-who', readWho, (message, dialog) => Object.assign(message, { to: toldNow(message, dialog) }));
  register('sabha-urgency', readUrgency, (message, dialog) => Object.assign(message, urgencyNow(message, dialog)));
  register('sabha-which', readWhich, (message, dialog) => (isOne(message, dialog) ? [message, null] : [null, message]));
  red.httpAdmin.get('/sabha/people', red.auth.needsPermission('flows.read'), (_request, response) =>
    response.json(red.settings.sabha.people()),
  );
  red.httpAdmin.get('/sabha/faults', red.auth.needsPermission('flows.read'), (_request, response) => response.json(faultsToChoose()));
}
