import { faultsToChoose, isOne, readUrgency, readWhich, readWho, toldNow, urgencyNow } from '../../rules.ts';
import { type NodeRed, onMessage, type RedNode } from './node-red.ts';

/** The nodes that decide by their dialog alone: *who* is told, with which *urgency*, and *which* way a message goes. */
export default function (red: NodeRed): void {
  function who(this: RedNode, config: unknown): void {
    red.nodes.createNode(this, config);
    const read = readWho(config);
    onMessage(this, (message, send) => {
      if (!read.ok) return read.line;
      message.to = toldNow(message, read.value);
      send(message);
      return undefined;
    });
  }
  function urgency(this: RedNode, config: unknown): void {
    red.nodes.createNode(this, config);
    const read = readUrgency(config);
    onMessage(this, (message, send) => {
      if (!read.ok) return read.line;
      Object.assign(message, urgencyNow(message, read.value));
      send(message);
      return undefined;
    });
  }
  function which(this: RedNode, config: unknown): void {
    red.nodes.createNode(this, config);
    const read = readWhich(config);
    onMessage(this, (message, send) => {
      if (!read.ok) return read.line;
      send(isOne(message, read.value) ? [message, null] : [null, message]);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-which', which);
  red.nodes.registerType('sabha-who', who);
  red.nodes.registerType('sabha-urgency', urgency);
  red.httpAdmin.get('/sabha/people', red.auth.needsPermission('flows.read'), (_request, response) =>
    response.json(red.settings.sabha.people()),
  );
  red.httpAdmin.get('/sabha/faults', red.auth.needsPermission('flows.read'), (_request, response) => response.json(faultsToChoose()));
}
