import { type NodeRed, onMessage, type RedNode } from './node-red.ts';

type Config = { how: string; howType: 'str' | 'msg' };

/** The one end of every path: writes what became of the transition, with all acts of the message (R23). */
export default function (red: NodeRed): void {
  function conclude(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    onMessage(this, (message) => {
      const how = config.howType === 'msg' ? red.util.getMessageProperty(message, config.how) : config.how;
      if (typeof how !== 'string' || how === '')
        return `no conclusion: ${config.howType === 'msg' ? `msg.${config.how}` : 'the text'} is empty`;
      red.settings.sabha.conclude(message, how);
      return undefined;
    });
  }
  red.nodes.registerType('sabha-conclude', conclude);
}
