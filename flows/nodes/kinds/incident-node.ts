import { type NodeRed, type RedNode, whileRunning } from './node-red.ts';

/** The head of the wires: what the pipeline offers leaves here. */
export default function (red: NodeRed): void {
  function incident(this: RedNode, config: unknown): void {
    red.nodes.createNode(this, config);
    // A copy, since rules on the tabs change the message and the engine keeps its own.
    whileRunning(red, this, () => red.settings.sabha.head((message) => this.send(structuredClone(message))));
  }
  red.nodes.registerType('sabha-incident', incident);
}
