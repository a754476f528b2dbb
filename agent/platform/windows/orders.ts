/** What a command may change on a PC with Windows. */
import type { RunProgram } from '../native.ts';
import type { Order, PlatformOrders } from '../platform.ts';
import { shortText } from '../text.ts';

/** Time to say goodbye. */
const restartSeconds = 5;

/** Guarantee: each ends with done or a reason. */
export function createOrders(run: RunProgram): PlatformOrders {
  return {
    restartSound: async () => no('the sound service of Windows belongs to the system: it is restarted with the PC'),
    setDefaultDevice: async () => no('Windows lets only its user choose a device'),
    changeSound: async () => no('not written for this system yet'),
    async reboot(signal) {
      const output = await run('shutdown.exe', ['/r', '/t', `${restartSeconds}`], signal);
      return output.ok ? { done: true } : no(shortText(`shutdown.exe ${output.why}: ${output.text}`));
    },
  };
}

function no(reason: string): Order {
  return { done: false, reason };
}
