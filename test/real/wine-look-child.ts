/** Writes all that a Windows PC reports as one JSON document: `look-child.mjs FILE`. */
import { writeFileSync } from 'node:fs';
import { setTimeout as passed } from 'node:timers/promises';
import { messageOf } from '@sabha/contracts';
import { displays } from '../../agent/platform/questions/displays.ts';
import { installed } from '../../agent/platform/questions/installed.ts';
import { privacy } from '../../agent/platform/questions/privacy.ts';
import { restart } from '../../agent/platform/questions/restart.ts';
import { session } from '../../agent/platform/questions/session.ts';
import { usb } from '../../agent/platform/questions/usb.ts';
import { readUses } from '../../agent/platform/windows/consent.ts';
import { systemRoot } from '../../agent/platform/windows/native/child.ts';
import { openNative } from '../../agent/platform/windows/native/native.ts';
import { createPlatform } from '../../agent/this-pc.ts';

const pc = createPlatform();
const native = openNative()();
const anybody = { running: null, bootedAt: 0, own: process.execPath, root: systemRoot(process.env) };
const signal = AbortSignal.timeout(120_000);
/**
 * Reasons that the agent gives when a query takes more than two seconds, as the first one may on a busy machine. The query is then
 * repeated.
 */
const late = ['not checked since the start', 'audio server does not answer', 'Windows does not answer'];
async function patient<T>(ask: () => T | Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    const reason = typeof answer === 'object' && answer !== null && 'reason' in answer && answer.reason;
    if (!late.includes(`${reason}`)) return answer;
    await passed(100);
  }
}
const sound = () => patient(() => pc.sound(signal));
/** Mutes and unmutes as the repair key does. Wine forgets the state with the object, so the results alone show the success. */
async function muteAndOpen() {
  const seen = await sound();
  const [one] = seen.known ? seen.value.sources : [];
  const to = (muted: boolean) => patient(() => pc.changeSound({ kind: 'microphone', id: one?.id ?? '', muted }, signal));
  return [await to(true), await to(false)];
}
const parts: Record<string, () => unknown> = {
  sound,
  muteAndOpen,
  soundService: () => pc.soundService(signal),
  cameras: () => pc.cameras(signal),
  network: () => pc.network(),
  power: () => pc.power(signal),
  figures: () => pc.figures(signal),
  hardware: () => pc.hardware(signal),
  inventory: () => pc.inventory(signal),
  bootId: () => pc.bootId(),
  endBegun: () => pc.endBegun(),
  privacy: () => pc.ask(privacy, signal),
  restart: () => pc.ask(restart, signal),
  installed: () => pc.ask(installed, signal),
  session: () => pc.ask(session, signal),
  displays: () => pc.ask(displays, signal),
  usb: () => pc.ask(usb, signal),
  programs: () => native.calls.known && native.calls.value.programs(),
  uses: () => readUses(native, 'webcam', anybody),
  notWritten: () => pc.ask({}, signal),
};
const seen: Record<string, unknown> = {};
for (const [name, read] of Object.entries(parts))
  seen[name] = await Promise.resolve()
    .then(() => patient(read))
    .catch((error) => ({ thrown: messageOf(error) }));
writeFileSync(process.argv[2] ?? '', JSON.stringify(seen));
process.exit(0);
