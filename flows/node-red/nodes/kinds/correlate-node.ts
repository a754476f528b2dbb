import { chosenNumbers } from '../../../engine/correlation/chosen.ts';
import { usualNumbers } from '../../../engine/correlation/numbers.ts';
import { type NodeRed, type RedNode, whileRunning } from './node-red.ts';

/** When many losses are one cause: its numbers hold from the Deploy on, and without it those of the table. No message runs through it. */
export default function (red: NodeRed): void {
  function correlate(this: RedNode, config: Readonly<Record<string, unknown>>): void {
    red.nodes.createNode(this, config);
    const { sabha } = red.settings;
    const read = chosenNumbers(config);
    if (!read.ok) return this.status({ fill: 'yellow', shape: 'ring', text: read.line });
    whileRunning(red, this, () => {
      sabha.correlate(read.numbers);
      return () => sabha.correlate(usualNumbers);
    });
  }
  red.nodes.registerType('sabha-correlate', correlate);
}
