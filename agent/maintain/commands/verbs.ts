/** What each verb does on this PC. What needs a program of the system stands behind the platform. */

import type { Done } from '#contracts';
import type { Runner } from '../../checks/runner.ts';
import type { Order, Platform } from '../../platform/platform.ts';
import type { LogMemory } from '../../uplink/store/log.ts';
import type { Acts } from './commands.ts';

/** What the verbs act on. */
export type ActsOptions = {
  platform: Platform;
  runner: Runner;
  log: LogMemory;
  measureLink(): Promise<Done>;
  /** Ends this process in order; whoever supervises it starts another. */
  restart(): void;
};

const fastMs = 1_800_000;

/** The acts of this PC: one for each verb of the contract. */
export function actsOf({ platform, runner, log, measureLink, restart }: ActsOptions): Acts {
  return {
    'probe-now': async () => {
      await runner.runNow();
      return { outcome: 'done' };
    },
    'fast-checks': async () => {
      runner.hasten(fastMs);
      return { outcome: 'done' };
    },
    'send-log': async ({ lines }) => ({ outcome: 'done', lines: log.last(lines) }),
    'set-default-device': async ({ kind, name }, signal) => said(await platform.setDefaultDevice({ kind, name }, signal)),
    'measure-link': measureLink,
    'restart-sound': async (_, signal) => said(await platform.restartSound(signal)),
    'restart-agent': async () => {
      restart();
      return { outcome: 'later' };
    },
    reboot: async (_, signal) => {
      const order = await platform.reboot(signal);
      return order.done ? { outcome: 'later' } : said(order);
    },
  };
}

function said(order: Order): Done {
  return order.done ? { outcome: 'done' } : { outcome: 'failed', reason: order.reason };
}
