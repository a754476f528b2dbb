/** Changes that a command may make on a Windows PC. */
import type { Native, RunProgram } from '../native.ts';
import type { OrderResult, PlatformOrders, SoundChange } from '../platform.ts';
import { shortId, shortText } from '../text.ts';

/** Delay of a requested restart, in which the agent sends its bye. */
const restartSeconds = 5;

const notChosen = 'Windows lets only its user choose a device: Settings > System > Sound';

/** Creates the orders of a Windows PC. Guarantee: each order returns done or a reason. */
export function createOrders(run: RunProgram, native: () => Native): PlatformOrders {
  return {
    restartSound: async () => no('the sound service of Windows belongs to the system: it is restarted with the PC'),
    setDefaultDevice: async () => no(notChosen),
    changeSound: async (change) => ('muted' in change ? mute(native(), change) : no(notChosen)),
    async reboot(signal) {
      const output = await run('shutdown.exe', ['/r', '/t', `${restartSeconds}`], signal);
      return output.ok ? { done: true } : no(shortText(`shutdown.exe ${output.why}: ${output.text}`));
    },
  };
}

async function mute(native: Native, { kind, id, muted }: SoundChange & { muted: boolean }): Promise<OrderResult> {
  const seen = await native.ask('sound');
  if (!seen.known) return no(seen.reason);
  const flow = kind === 'microphone' ? 'capture' : 'render';
  const end = seen.value.endpoints.find((one) => one.flow === flow && shortId(one.id) === id);
  if (end === undefined) return no(`the ${kind} is gone`);
  const answer = await native.ask('mute', { id: end.id, muted });
  return answer.known ? { done: true } : no(answer.reason);
}

function no(reason: string): OrderResult {
  return { done: false, reason };
}
