/**
 * Runs the session helper of another user: loads its modules as root, then becomes that user. Arguments: user id, and address of the
 * service.
 */
import { realClock } from '@sabha/contracts';
import { createProbes } from '../../agent/probes/probes.ts';
import { roomProbeOf } from '../../agent/session/session-helper/remote-probes.ts';
import { createHelper } from '../../agent/session/session-helper/room.ts';
import { createPlatform } from '../../agent/this-pc.ts';

const [, , uid = '', address = ''] = process.argv;
process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));
const say = (_: object, line: string) => console.log(line);
createHelper({
  seat: { address, isPipe: false },
  platform: createPlatform(),
  probes: createProbes().filter((probe) => roomProbeOf(probe) === 'camera'),
  clock: realClock(),
  random: Math.random,
  log: { info: say, warn: say },
  saveCard: () => true,
}).start();
