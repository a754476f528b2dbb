import { test } from 'vitest';
import { createWorld } from './world.ts';
test('try', async () => {
  const w = createWorld({ seed: 1, pcs: 4 });
  const t0 = performance.now();
  w.boot();
  await w.pass(120_000);
  w.pc(0).room.set('microphone', 'expected-1', 'microphone.missing');
  await w.pass(600_000);
  w.pc(0).room.set('microphone', 'expected-1', null);
  w.pc(1).kill();
  await w.pass(7200_000);
  console.log(w.log.join('\n'), performance.now() - t0);
  console.log(w.centre.post.deliveries.map(d => JSON.stringify(d)).join('\n'));
  console.log(w.centre.db().prepare('select row from incidents').all());
  console.log(w.pcs.map(p => [p.agent()?.spool.acked(), p.agent()?.spool.range()]));
});
