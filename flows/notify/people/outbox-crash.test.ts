import { expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import type { Channel, DeliveryOutcome, OutboxRow } from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import type { Channels } from './channels/channels.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { notice, row, technician, testClock } from './people.test-helper.ts';
import { createRoster } from './roster.ts';

const persons = ['asha', 'bina', 'chand'].map((id) => ({ ...technician, id, email: `${id}@office.test` }));
const channels = ['email', 'sms'];
const runs = ofTier(50, 200);

/** Points around one send at which a process can be killed. Each send passes each point once. */
const killPoints = ['before the send', 'taken, not answered', 'answered, not committed', 'committed, not told'] as const;

/** State that outlives a process: the rows of the ledger, and the messages that the provider accepted. */
type CrashWorld = { ledger: Map<string, OutboxRow>; taken: { key: string; incidents: number[] }[]; clock: ReturnType<typeof testClock> };

test(`R26 F18 killed at random points around a send: no row is lost, and each kill causes at most one duplicate message (${runs} runs)`, async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= runs; seed++) {
    const { world, kills } = await history(seed, seen);
    const rows = [...world.ledger.values()];
    expect(
      rows.map(({ state }) => state),
      `seed ${seed}`,
    ).toEqual(rows.map(() => 'delivered'));
    for (const channel of channels) {
      const taken = world.taken.filter(({ key }) => key.includes(`/${channel}/`));
      const twice = taken.length - new Set(taken.map(({ key }) => key)).size;
      const told = new Set(taken.flatMap(({ incidents }) => incidents));
      expect(told.size, `seed ${seed}: none lost`).toBe(rows.filter((one) => one.channel === channel).length);
      expect(twice, `seed ${seed}: sent twice`).toBeLessThanOrEqual(kills);
    }
  }
  expect([...seen].sort()).toEqual([...killPoints].sort());
});

/** One random run: five processes are killed in turn while rows arrive; the sixth runs to the end. */
async function history(seed: number, seen: Set<string>): Promise<{ world: CrashWorld; kills: number }> {
  const random = randomFrom(seed);
  const world: CrashWorld = { ledger: new Map(), taken: [], clock: testClock() };
  let kills = 0;
  for (let life = 0; life < 5; life++) {
    const killAt = { point: random.pick(killPoints), send: 1 + random.below(5) };
    const process = start(world, random, killAt);
    await live(world, process.outbox, random);
    if (process.kill()) {
      seen.add(killAt.point);
      kills += 1;
    }
  }
  const last = start(world, random, undefined);
  await live(world, last.outbox, random);
  await world.clock.pass(86_400_000);
  await last.outbox.stop();
  return { world, kills };
}

/** Adds rows, each to the ledger first, and lets time pass. */
async function live({ ledger, clock }: CrashWorld, outbox: Outbox, random: Random): Promise<void> {
  for (let i = random.below(6); i > 0; i--) {
    const to = { channel: random.pick(channels), person: random.pick(persons).id };
    const incident = ledger.size + 1;
    const about = notice({ incident, room: { en: `Room ${incident}.`, hi: '' } });
    const fresh = row({ ...to, notice: about, transition: incident, createdAt: clock.now(), dueAt: clock.now() });
    ledger.set(fresh.key, fresh);
    outbox.add([fresh]);
    await clock.pass(random.below(3_000));
  }
  await clock.pass(random.below(30_000));
}

function roomIn(line: string): number {
  return Number(/Room (\d+)\./.exec(line)?.[1]);
}

type KillAt = { point: (typeof killPoints)[number]; send: number } | undefined;

/** Starts a process. After its kill none of its actions reaches the world. */
function start(world: CrashWorld, random: Random, killAt: KillAt) {
  let dead = false;
  let sends = 0;
  const passes = async (point: (typeof killPoints)[number]) => {
    if (killAt?.point === point && killAt.send <= sends) dead = true;
    if (dead) await new Promise(() => {});
  };
  const channel = (): Channel => ({
    async send({ key, list, notice }): Promise<DeliveryOutcome> {
      sends += 1;
      await passes('before the send');
      if (random.next() < 0.3) return { result: 'retry', reason: '451 later' };
      world.taken.push({ key, incidents: list ? notice.lines.map(roomIn) : [notice.incident ?? 0] });
      await passes('taken, not answered');
      return { result: 'delivered' };
    },
  });
  const commit = async (ops: Op[]) => {
    await passes('answered, not committed');
    for (const op of ops) if (op.op === 'outbox-set') world.ledger.set(op.row.key, op.row);
    await passes('committed, not told');
  };
  const opened: Channels = new Map(channels.map((name) => [name, { channel: channel(), reaches: () => true }]));
  const options = {
    clock: world.clock,
    random: random.next,
    commit,
    channels: opened,
    roster: createRoster(persons),
    isOver: () => false,
    onOutcome: () => {},
  };
  const outbox = createOutbox(options);
  outbox.add([...world.ledger.values()].filter(({ state }) => state === 'waiting'));
  void outbox.run();
  /** Kills the process; returns true if it had already died at its kill point. */
  const kill = () => {
    const before = dead;
    dead = true;
    return before;
  };
  return { outbox, kill };
}
