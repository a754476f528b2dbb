/** Plays each fault of a soak. After a step every part runs again, although some PCs may still reconnect. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pcTopic } from '@sabha/contracts';
import { connect } from '../contract/peers.ts';
import { randomFrom } from '../random.ts';
import type { PartName } from '../system/parts-under-test.ts';
import type { ScriptedPc } from '../system/scripted-pc.ts';
import type { Link } from './soak-link.ts';
import type { SoakStep } from './soak-plan.ts';
import { type Scene, stranger } from './soak-scene.ts';

const flaps = 12;
/**
 * Factor for the duration of outages. They last less than an hour of the server's clock, but long enough for every PC to notice and every
 * spool to fill.
 */
const awayFactor = 4;
const mailWithinMs = 5_000;
const garbageMost = 2_000;
/** Most bytes of a torn write: one page of the database. */
const tornMost = 4_096;
/** A line of 64 kbit/s and 350 ms in each direction, ten times faster like the clock. */
const thin = { bytesPerS: 80_000, delayMs: 35 };
const hourMs = 3_600_000;
const yearsMs = 10 * 365 * 24 * hourMs;

/** Plays a step. Resolves when all parts run again. */
export async function playStep(scene: Scene, step: SoakStep): Promise<void> {
  await plays[step.kind](scene, step);
}

const plays: Record<SoakStep['kind'], (scene: Scene, step: SoakStep) => Promise<unknown>> = {
  F1: (scene, { lastsMs }) => killed(scene, ['broker'], lastsMs),
  F2: (scene, { lastsMs }) => scene.write({ killAfterMs: lastsMs / 10 }),
  async F3(scene, step) {
    const bytes = bytesOf(step, Math.floor(step.pick * tornMost));
    await scene.write({ killAfterMs: step.lastsMs / 10 });
    scene.tear('spool', bytes);
    await scene.kill('flows');
    scene.tear('ledger', bytes);
    await scene.start('flows');
  },
  async F4(scene, step) {
    // Sends the backlog first, because events that exist only in the spool would be lost.
    if (await scene.write({ until: 0 })) scene.damage(step.pick < 0.5 ? Buffer.alloc(tornMost) : bytesOf(step, tornMost));
    await scene.write({ killAfterMs: step.lastsMs / 10 });
  },
  F7: (scene, { pick, lastsMs }) => scene.write({ killAfterMs: lastsMs / 10, aheadMs: aheadOf(scene, pick) }),
  async F8(scene, { pick, lastsMs }) {
    const clones = Array.from({ length: 2 + Math.floor(pick * 6) }, (_, n) => scene.clone(n));
    await delay(lastsMs);
    await Promise.all(clones.map((one) => one.stop()));
  },
  async F9(scene, step) {
    const link = pickedOf(scene.links, step);
    for (let n = 0; n < flaps; n += 1) {
      link.cut();
      await delay(step.lastsMs / flaps / 3);
      link.heal();
      await delay((step.lastsMs / flaps / 3) * 2);
    }
  },
  async F10(scene, step) {
    const link = pickedOf(scene.links, step);
    link.shape(thin);
    await cutFor([link], step.lastsMs);
    await delay(step.lastsMs);
    link.shape(undefined);
  },
  async F11({ links }) {
    for (const link of links) link.tear();
  },
  F12: (scene, { lastsMs }) => killed(scene, ['broker'], awayFactor * lastsMs),
  async F13(scene, { lastsMs }) {
    scene.signal('dashboards', 'SIGSTOP');
    await delay(lastsMs);
    scene.signal('dashboards', 'SIGCONT');
  },
  F15: garbage,
  async F17(scene, step) {
    flap(picked(scene, step), 1);
    await scene.withoutMail(step.lastsMs);
  },
  async F18(scene, step) {
    const before = scene.mails();
    flap(picked(scene, step), 1);
    await scene.within(mailWithinMs, () => scene.mails() > before);
    await killed(scene, ['flows'], step.lastsMs);
  },
  F19: ({ links }, { lastsMs }) => cutFor(links, awayFactor * lastsMs),
  async F20(scene, step) {
    for (let n = 0; n < flaps; n += 1) {
      flap(picked(scene, step), n);
      await delay(step.lastsMs / flaps);
    }
    flap(picked(scene, step), 0);
  },
  async F21(scene, { lastsMs }) {
    const broken = join(scene.parts.site.data, 'flows/tabs/99-broken.json');
    writeFileSync(broken, '[{"id":');
    await killed(scene, ['flows'], 0);
    await delay(lastsMs);
    rmSync(broken);
    await killed(scene, ['flows'], 0);
  },
  F22: (scene, { lastsMs }) => killed(scene, ['dashboards'], lastsMs),
  async F23(scene, step) {
    const link = pickedOf(scene.links, step);
    link.hang();
    await delay(step.lastsMs);
  },
  async F32(scene, { pick, lastsMs }) {
    const part = pick < 0.5 ? 'flows' : 'broker';
    scene.signal(part, 'SIGSTOP');
    await delay(lastsMs);
    scene.signal(part, 'SIGCONT');
  },
};

async function killed(scene: Scene, parts: readonly PartName[], awayMs: number): Promise<void> {
  for (const part of parts) await scene.kill(part);
  await delay(awayMs);
  for (const part of parts) await scene.start(part);
}

async function cutFor(links: readonly Link[], ms: number): Promise<void> {
  for (const link of links) link.cut();
  await delay(ms);
  for (const link of links) link.heal();
}

function picked({ pcs }: Scene, step: SoakStep): ScriptedPc {
  return pickedOf(pcs, step);
}

function pickedOf<T>(all: readonly T[], { pick }: SoakStep): T {
  return all[Math.floor(pick * all.length)] as T;
}

/** Returns the error of a clock in ms: ten years ahead, an hour ahead, or back to 1970. */
function aheadOf({ parts }: Scene, pick: number): number {
  const wrongClocks = [yearsMs, -yearsMs, hourMs, -hourMs, hourMs - parts.epochMs];
  return wrongClocks[Math.floor(pick * wrongClocks.length)] ?? 0;
}

function bytesOf({ pick }: SoakStep, count: number): Buffer {
  const random = randomFrom(Math.floor(pick * 2 ** 32));
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}

function flap(pc: ScriptedPc, n: number): void {
  pc.set('camera', 'flapping', n % 2 === 1 ? 'camera.missing' : null, 'Camera');
}

/** Sends garbage from an admitted PC to each topic of that PC. */
async function garbage({ parts }: Scene, { pick, lastsMs }: SoakStep): Promise<void> {
  const random = randomFrom(Math.floor(pick * 2 ** 32));
  const { site, tokens } = parts;
  const login = () => connect(site.ports.mqtt, stranger, { password: tokens.get(stranger) ?? '' }).catch(() => undefined);
  const until = performance.now() + lastsMs;
  const peer = await login();
  for (let n = 0; peer?.client.connected && performance.now() < until && n < garbageMost; n += 1) {
    const topic = pcTopic(stranger, random.pick(['event', 'state', 'backlog', 'presence', 'beat'] as const));
    const bytes = Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
    peer.client.publish(topic, bytes, { qos: 0 });
    await delay(5);
  }
  peer?.client.end(true);
}
