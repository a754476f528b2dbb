import type { WireMessage } from '../../../engine/records/incidents.ts';
import { errorHow } from '../../acts.ts';
import { type NodeRed, onMessage, type RedNode } from './node-red.ts';

/** `error`: it names what a catch node caught. */
type Config = { how: string; howType: 'str' | 'msg' | 'error' };

/** The one end of every path: writes what became of the transition, with all acts of the message (R23). */
export default function (red: NodeRed): void {
  function conclude(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    onMessage(this, (message) => {
      const how = howOf(red, config, message);
      if (typeof how !== 'string' || how === '') return `no conclusion: ${emptyOf(config)} is empty`;
      red.settings.sabha.conclude(message, how);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-conclude', conclude);
}

function howOf(red: NodeRed, { how, howType }: Config, message: WireMessage): unknown {
  if (howType === 'error') return errorHow(message);
  return howType === 'msg' ? red.util.getMessageProperty(message, how) : how;
}

function emptyOf({ how, howType }: Config): string {
  if (howType === 'error') return 'msg.error';
  return howType === 'msg' ? `msg.${how}` : 'the text';
}
