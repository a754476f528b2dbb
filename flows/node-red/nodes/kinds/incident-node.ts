import { type NodeRed, type RedNode, whileRunning } from './node-red.ts';

/** The head of the wires: what the pipeline offers leaves here. */
export default function (red: NodeRed): void {
  function incident(this: RedNode, config: unknown): void {
    red.nodes.createNode(this, config);
    // A copy, since rules on the tabs change the message and the engine keeps its own.
    whileRunning(red, this, () => red.settings.sabha.head((message) => this.send(structuredClone(message))));
  }
  red.nodes.registerType('sabha-incident', incident);
  // The button stands beside Deploy wherever the head of the wires is known.
  red.httpAdmin.post('/sabha/try', red.auth.needsPermission('flows.read'), ({ body }, response) => {
    const { sabhaTry } = red.settings;
    if (sabhaTry === undefined) return response.json({ ok: false, line: 'nothing can be tried here' });
    const nodes = Array.isArray(body) ? body : [];
    sabhaTry(nodes).then(
      (tried) => response.json(tried),
      (error: Error) => response.json({ ok: false, line: error.message }),
    );
  });
}
