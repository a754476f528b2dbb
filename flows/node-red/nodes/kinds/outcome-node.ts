import { outcomeOf } from '../../acts.ts';
import type { NodeRed, RedNode } from './node-red.ts';

type Config = { result: 'delivered' | 'retry' | 'refused' };

/** Says what became of an offered message. One that comes from a *catch* node (it carries msg.error) is tried again, whatever is chosen here. */
export default function (red: NodeRed): void {
  function outcome(this: RedNode, config: Config): void {
    red.nodes.createNode(this, config);
    this.on('input', (msg, _send, done) => {
      const read = outcomeOf(msg, config.result);
      if (!read.ok) return done(read.line);
      red.settings.sabha.outcome(read.key, read.outcome);
      done();
    });
  }
  red.nodes.registerType('sabha-outcome', outcome);
}
