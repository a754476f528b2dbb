/** Changes that a command may make on a Linux PC. The programs and arguments are fixed; no text of the command becomes an argument. */

import type { Output } from '../child.ts';
import type { Answer, OrderResult, PlatformOrders, SoundChange, SoundState } from '../platform.ts';
import { isInName, shortText } from '../text.ts';

export type OrdersOptions = {
  sound(signal: AbortSignal): Promise<Answer<SoundState>>;
  run(program: string, args: string[], signal: AbortSignal): Promise<Output>;
};

/** Sound services that systemd runs for the signed-in user. */
const soundUnits = ['pipewire.service', 'pipewire-pulse.service', 'wireplumber.service', 'pulseaudio.service'];

/** Creates the orders of a Linux PC. Guarantee: each order returns done or a reason, and does not throw if a program fails. */
export function createOrders({ sound, run }: OrdersOptions): PlatformOrders {
  return {
    async restartSound(signal) {
      const active = await run('systemctl', ['--user', 'list-units', '--state=active', '--plain', '--no-legend', ...soundUnits], signal);
      if (!active.ok) return failed('systemctl', active);
      const running = soundUnits.filter((unit) => active.text.split(/\s+/).includes(unit));
      if (running.length === 0) return no('no sound service of this user runs');
      return done('systemctl', await run('systemctl', ['--user', 'restart', ...running], signal));
    },
    async setDefaultDevice({ kind, name }, signal) {
      const answer = await sound(signal);
      if (!answer.known) return no(answer.reason);
      const devices = kind === 'microphone' ? answer.value.sources : answer.value.sinks;
      const fitting = devices.filter((one) => isInName(name, one.name));
      const [device] = fitting;
      if (device === undefined) return no(`no ${kind} has this in its name`);
      if (fitting.length > 1) return no(`${fitting.length} devices have this in their names`);
      return done('pactl', await run('pactl', wordsOf({ kind, id: device.id, chosen: true }), signal));
    },
    async changeSound(change, signal) {
      const answer = await sound(signal);
      if (!answer.known) return no(answer.reason);
      const devices = change.kind === 'microphone' ? answer.value.sources : answer.value.sinks;
      if (!devices.some(({ id }) => id === change.id)) return no(`the ${change.kind} is gone`);
      return done('pactl', await run('pactl', wordsOf(change), signal));
    },
    reboot: async (signal) => done('systemctl', await run('systemctl', ['reboot'], signal)),
  };
}

/** Returns the arguments of pactl. The device id comes from the sound server, not from the command. */
function wordsOf(change: SoundChange): string[] {
  const side = change.kind === 'microphone' ? 'source' : 'sink';
  return 'muted' in change ? ['--', `set-${side}-mute`, change.id, change.muted ? '1' : '0'] : ['--', `set-default-${side}`, change.id];
}

function done(program: string, output: Output): OrderResult {
  return output.ok ? { done: true } : failed(program, output);
}

function failed(program: string, { why, text }: Output & { ok: false }): OrderResult {
  return no(why === 'missing' ? `${program} is not installed` : shortText(`${program} ${why}: ${text}`));
}

function no(reason: string): OrderResult {
  return { done: false, reason };
}
