/** Session helper in the session of the signed-in user: runs the room probes, sends their checks to the service, writes the card. */
import { type Check, type Clock, isLanguage, type Language, messageOf } from '@sabha/contracts';
import { createCheckTable } from '../../checks/check-table.ts';
import type { Probe, SelfFigures } from '../../checks/probe.ts';
import { createRunner, type Runner, type RunnerOptions } from '../../checks/runner.ts';
import { isInMeeting } from '../../platform/in-meeting.ts';
import type { Answer, OrderResult, Platform } from '../../platform/platform.ts';
import { sleepsWhenIdle } from '../../platform/questions/session.ts';
import { shortText } from '../../platform/text.ts';
import type { Log } from '../../uplink/store/log.ts';
import { createCard } from '../card/card.ts';
import type { RoomFacts } from '../card/statement.ts';
import { createJoin } from './ipc-client.ts';
import type { LocalAddress } from './ipc-server.ts';
import { aliveEveryMs, type HelperOrder, roomProbes } from './messages.ts';
import { createRepair, createToasts } from './repair.ts';

export type HelperOptions = {
  seat: LocalAddress;
  platform: Platform;
  probes: readonly Probe[];
  clock: Clock;
  random: () => number;
  log: Log;
  saveCard(html: string): boolean;
};
/** The agent's own figures for the probes, empty because the helper has no link and no spool. */
const self: SelfFigures = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const orderLimitMs = 14_000;
const sleepsOf = (answer: Answer<boolean>): OrderResult =>
  answer.known && answer.value ? { done: true } : { done: false, reason: 'the desktop does not report that it sleeps' };
const notHeld: OrderResult = { done: false, reason: 'no program has camera or microphone' };

/** Creates the session helper. Guarantee: the helper sends checks only while it is joined to its service. */
export function createHelper(options: HelperOptions) {
  const { clock, log, platform, saveCard } = options;
  let known: RoomFacts | undefined;
  let isOver = false;
  const whole = (): RoomFacts => {
    if (known === undefined) throw new Error('not joined');
    return known;
  };
  const sendChecks = () => join.send({ type: 'checks', probes: checks.list() });
  const checks = createChecks(options, { context: () => ({ profile: whole().profile, self }), onNews: sendChecks });
  const { runner } = checks;
  const card = createCard({
    clock,
    known: whole,
    save: saveCard,
    onInternalError: (what, error) => log.warn({}, `${what} failed: ${messageOf(error)}`),
  });
  const join = createJoin({
    ...options,
    onRoom({ pc, profile, place, docs, checks: all }, isFirst) {
      const before = known;
      known = { pc, profile, place, docs, checks: all };
      toasts.onKnown(known);
      if (before === undefined) runner.start();
      else if (JSON.stringify(profile) !== JSON.stringify(before.profile)) void runner.runNow();
      if (isFirst) sendChecks();
    },
    onOrder: ({ id, order }) => void executeOrder(runner, options, order).then((result) => join.send({ type: 'done', id, result })),
    onAlive: () => known && card.look(),
  });
  const mend = createRepair({
    platform,
    profile: () => known?.profile,
    onRepaired(mended) {
      log.info({ mended }, `${mended.what} by a key in the room`);
      toasts.onRepaired(mended);
      join.send({ type: 'mended', mended });
      void runner.runNow();
    },
  });
  const toasts = createToasts({ clock, platform, mend, log });
  const expire = (): void => {
    if (isOver) return;
    if (checks.expire()) sendChecks();
    clock.after(aliveEveryMs, expire);
  };
  return {
    mend,
    /** Language of the site; undefined until the service has sent it. */
    language: (): Language | undefined => known && (known.profile.languages?.find(isLanguage) ?? 'en'),
    start(): void {
      join.start();
      expire();
    },
    stop(): void {
      isOver = true;
      join.stop();
      runner.stop();
      if (known) card.stop();
    },
  };
}

type ChecksOptions = { context: RunnerOptions['context']; onNews(): void };

/** Runs the probes and keeps their checks. The list omits a probe without a result since the start: nothing is known about its parts. */
function createChecks({ probes, platform, clock, random, log }: HelperOptions, { context, onNews }: ChecksOptions) {
  const table = createCheckTable(clock);
  const answered = new Set<string>();
  const runner = createRunner({
    probes,
    platform,
    clock,
    random,
    context,
    known: ({ name }) => table.known(name),
    onResult({ name, everyMs }, { checks }) {
      const isFirst = !answered.has(name);
      answered.add(name);
      if (table.merge({ component: name, everyMs, checks }).length > 0 || isFirst) onNews();
    },
    onFailing: (probe, error) => log.warn({ probe }, error === null ? 'the probe works again' : `the probe fails: ${error}`),
  });
  return {
    runner,
    expire: () => table.expire().length > 0,
    list() {
      const byProbe = Map.groupBy<string, Check>(table.checks(), ({ component }) => component);
      return roomProbes.filter((name) => answered.has(name)).map((name) => ({ name, checks: byProbe.get(name) ?? [] }));
    },
  };
}

async function executeOrder(runner: Runner, { platform, clock }: HelperOptions, order: HelperOrder | null): Promise<OrderResult> {
  if (order === null) return { done: false, reason: 'the session helper does not know this command' };
  const signal = AbortSignal.timeout(Math.ceil(orderLimitMs / (clock.speed ?? 1)));
  const act = async (): Promise<OrderResult> => {
    if (order.verb === 'restart-sound') return platform.restartSound(signal);
    if (order.verb === 'set-default-device') return platform.setDefaultDevice({ kind: order.kind, name: order.name }, signal);
    if (order.verb === 'meeting') return (await isInMeeting(platform)) ? { done: true } : notHeld;
    if (order.verb === 'sleeps') return sleepsOf(await platform.ask(sleepsWhenIdle, signal));
    if (order.verb === 'hasten') runner.runFaster(order.forMs);
    else await runner.runNow();
    return { done: true };
  };
  return act().catch((error: unknown) => ({ done: false, reason: shortText(messageOf(error)) }));
}
