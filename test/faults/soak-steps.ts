/** How each fault of a soak is played. When a step is over everything runs again, though not everybody may be back. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pcTopic } from '#contracts';
import { connect } from '../contract/peers.ts';
import { randomFrom } from '../random.ts';
import type { PartName } from '../system/parts-under-test.ts';
import type { ScriptedPc } from '../system/scripted-pc.ts';
import type { SoakStep } from './soak-plan.ts';
import { type Scene, stranger } from './soak-scene.ts';

const flaps = 12;
/** As long as an hour of the centre would be too long; it is long enough for every PC to be away and every spool to fill. */
const awayFactor = 4;
const mailWithinMs = 5_000;
const garbageMost = 2_000;

/** Plays one, and comes back when what was stopped runs again. */
export async function playStep(scene: Scene, step: SoakStep): Promise<void> {
  await plays[step.kind](scene, step);
}

const plays: Record<SoakStep['kind'], (scene: Scene, step: SoakStep) => Promise<void>> = {
  F1: (scene, { lastsMs }) => killed(scene, ['broker'], lastsMs),
  F2: (scene, { lastsMs }) => scene.write({ killAfterMs: lastsMs / 10 }),
  F12: (scene, { lastsMs }) => killed(scene, ['broker'], awayFactor * lastsMs),
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

function picked({ pcs }: Scene, { pick }: SoakStep): ScriptedPc {
  return pcs[Math.floor(pick * pcs.length)] as ScriptedPc;
}

/** Its camera is there, and it is not, in turn. */
function flap(pc: ScriptedPc, n: number): void {
  pc.set('camera', 'flapping', n % 2 === 1 ? 'camera.missing' : null, 'Camera');
}

/** Bytes that nobody can read, from a PC that is admitted, on each of its topics. */
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
