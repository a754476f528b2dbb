/** A PC in a separate process that writes hundreds of events a second and prints each committed number. */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startScriptedPc } from '../system/scripted-pc.ts';

/**
 * Settings from the parent process. `from`: first number. `everyMs`: interval. `until`: the number before which it stops, to exit when
 * everything is acknowledged.
 */
export type Writing = {
  pc: string;
  token: string;
  data: string;
  mqtt: number;
  speed: number;
  epochMs: number;
  spool: string;
  from: number;
  until: number;
  everyMs: number;
};

const { pc, token, data, mqtt, speed, epochMs, spool, from, until, everyMs }: Writing = JSON.parse(process.env['SABHA_WRITING'] ?? '');
const site = { data, ports: { mqtt } };
const { agent, isConnected, stop } = startScriptedPc({ parts: { site, speed, epochMs, tokens: new Map([[pc, token]]) }, pc, spool });
const say = (line: object) => void writeSync(1, `${JSON.stringify({ msg: 'wrote', ...line })}\n`);

for (let n = from; n < until; n += 1) {
  const { last } = agent.spool.range();
  agent.record('written', { n });
  if (agent.spool.range().last > last) say({ n });
  await delay(everyMs);
}
while (!isConnected() || agent.spool.figures().waiting > 0) await delay(2);
await stop();
say({ msg: 'empty' });
