/** Where the way to the centre breaks: this PC's network, the router, the names, the line, or the centre itself. */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type Clock, isLoopback, isThin, links, realClock } from '#contracts';
import { type PathFacts, whereItBreaks } from '../../analysis/path.ts';
import { unknown } from '../../analysis/verdict.ts';
import type { Probe, ProbeContext } from '../../checks/probe.ts';
import { type Asking, addressOf, type Knocked, knock, look, nameServers } from '../../net/reach.ts';
import type { Gateway, NetworkState } from '../../platform/platform.ts';

/** What is asked of a network; the tests put one of their own in its place. */
export type PathQuestions = { knock: typeof knock; look: typeof look; addressOf: typeof addressOf; nameServers(): string[] };

type Beyond = Pick<PathFacts, 'names' | 'centreName' | 'outside' | 'centre'>;
type Memory = {
  namesUp: number;
  names: PathFacts['names'];
  askedUp: number;
  local: string;
  beyond: Beyond;
  /** The last address of the centre's name. */
  address: string | undefined;
  /** Routers that answered no knock and stand in the table of neighbours: since when, by clock.up(). */
  heard: Map<string, number>;
};

const everyMs = 60_000;
/** A neighbour that does not answer is given up by the system within 8 s. */
const neighbourMs = 9_000;
/** Beyond it two tries over a satellite are enough. */
const beyondMs = 4_500;
/** For so long the system believes in a neighbour without asking it. */
const believedMs = 45_000;
/** While the link is up, names are what else a meeting needs. */
const namesEveryMs = 900_000;
const thinNamesEveryMs = 3_600_000;
/** A thin link that is down at the centre alone still costs by the byte. */
const thinBeyondEveryMs = 300_000;
const dearestBytes = 5_000;
/** A router answers one of these or refuses it: both say that it lives. */
const routerPort = 53;
/** A name that nobody has ever asked for: only a server that reaches the roots can say that there is none. */
const strangersOf = 'in';
const unasked: Beyond = { names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown' };

/** While the link is up it costs nothing but a name now and then; when the link is lost it asks at once. */
export function createPathProbe(clock: Clock = realClock(), questions: PathQuestions = { knock, look, addressOf, nameServers }): Probe {
  const never = Number.NEGATIVE_INFINITY;
  const memory: Memory = {
    namesUp: never,
    names: 'unknown',
    askedUp: never,
    local: '',
    beyond: unasked,
    address: undefined,
    heard: new Map(),
  };
  return {
    name: 'path',
    everyMs,
    timeoutMs: 20_000,
    onConnection: true,
    async run(context) {
      const { centre, self } = context;
      // What is asked of a network to find a way that leads nowhere would prove nothing.
      if (centre === undefined) return answer(unknown('no centre is known here'));
      if (isLoopback(centre.host)) return answer({ status: 'ok', fault: null, reason: 'the centre is on this PC' });
      const [near, beyond] = [limit(clock, context.signal, neighbourMs), limit(clock, context.signal, beyondMs)];
      const used = (wireBytes: number) => context.budget?.used('tests', wireBytes);
      const stage = { clock, questions, memory, context, near: near.signal, asking: { used, signal: beyond.signal } };
      try {
        return answer(whereItBreaks(await (self.connected === true ? factsOfUp(stage) : factsOfDown(stage))));
      } finally {
        near.cancel();
        beyond.cancel();
      }
    },
  };
}

/** `near` is how long the router is waited for; `asking` is for what lies beyond it, and is paid for. */
type Stage = { clock: Clock; questions: PathQuestions; memory: Memory; context: ProbeContext; near: AbortSignal; asking: Asking };

async function factsOfUp(stage: Stage): Promise<PathFacts> {
  const { clock, memory, context } = stage;
  const dueMs = isThin(links[context.profile.link]) ? thinNamesEveryMs : namesEveryMs;
  // What was silent is asked again at the next look.
  if ((memory.names === 'silent' || clock.up() - memory.namesUp >= dueMs) && mayAsk(context)) {
    // Where the link is up, a server that serves only its own network is no fault; where it is down, a router without a line refuses too.
    memory.names = await namesOf(stage, 'unknown');
    memory.namesUp = clock.up();
    await remember(stage);
  }
  memory.askedUp = Number.NEGATIVE_INFINITY;
  return { linkUp: true, local: 'on', gateway: 'unknown', ...unasked, names: memory.names };
}

async function factsOfDown(stage: Stage): Promise<PathFacts> {
  const { memory, context, clock } = stage;
  const network = await context.platform.network();
  const state = network.known ? network.value : undefined;
  const local = localOf(state);
  const isOff = local === 'no carrier' || local === 'no way out';
  const [gateway, beyond] = await Promise.all([
    isOff ? ('unknown' as const) : gatewayOf(stage, state),
    isOff ? unasked : beyondOf(stage, JSON.stringify(state)),
  ]);
  memory.names = beyond.names;
  memory.namesUp = clock.up();
  return { linkUp: false, local, gateway, ...beyond };
}

function localOf(state: NetworkState | undefined): PathFacts['local'] {
  if (state === undefined) return 'unknown';
  if (state.interfaces.length === 0) return 'no carrier';
  return state.hasAddress && state.hasWayOut ? 'on' : 'no way out';
}

/** One router that answers is enough. */
async function gatewayOf(stage: Stage, state: NetworkState | undefined): Promise<PathFacts['gateway']> {
  if (state === undefined) return 'unknown';
  if (state.gateways.length === 0) return 'none';
  const all = await Promise.all(state.gateways.map((gateway) => isAlive(stage, gateway)));
  if (all.includes(true)) return 'answers';
  return all.every((one) => one === false) ? 'dead' : 'unknown';
}

/** The knock makes the system ask for its neighbour: a router that drops what it does not serve is still heard. Nothing of it leaves this network. */
async function isAlive({ clock, questions, memory, context, near }: Stage, gateway: Gateway): Promise<boolean | null> {
  const knocked = await questions.knock({ host: gateway.address, port: routerPort }, { signal: near, used: () => undefined });
  const heard = knocked === 'silent' ? await context.platform.isNeighbourHeard(gateway) : null;
  if (heard) {
    const since = memory.heard.get(gateway.address) ?? clock.up();
    memory.heard.set(gateway.address, since);
    return clock.up() - since > believedMs ? true : null;
  }
  memory.heard.delete(gateway.address);
  return knocked === 'silent' ? heard : knocked !== 'unreachable';
}

async function beyondOf(stage: Stage, local: string): Promise<Beyond> {
  const { clock, memory, context } = stage;
  const isRecent = isThin(links[context.profile.link]) && memory.local === local && clock.up() - memory.askedUp < thinBeyondEveryMs;
  if (isRecent) return memory.beyond;
  if (!mayAsk(context)) return unasked;
  const [names, outside, { centreName, centre }] = await Promise.all([namesOf(stage, 'silent'), outsideOf(stage), centreOf(stage)]);
  Object.assign(memory, { askedUp: clock.up(), local, beyond: { names, outside, centreName, centre } });
  return memory.beyond;
}

async function namesOf({ questions, asking }: Stage, refused: 'silent' | 'unknown'): Promise<PathFacts['names']> {
  const looked = await questions.look(`${randomBytes(6).toString('hex')}.${strangersOf}`, asking);
  if (looked.kind === 'refused') return refused;
  if (looked.kind !== 'silent') return 'answered';
  // The resolver's own default where the system has no server set.
  return questions.nameServers().every(isLoopback) ? 'unknown' : 'silent';
}

async function outsideOf({ questions, context, asking }: Stage): Promise<PathFacts['outside']> {
  const anchors = context.centre?.anchors ?? [];
  if (anchors.length === 0) return 'unknown';
  const knocked = await Promise.all(anchors.map((anchor) => questions.knock(anchor, asking)));
  return knocked.some((one) => one === 'open' || one === 'refused') ? 'reached' : 'silent';
}

/** A name that cannot be looked up now may have been before: its last address is still good for a knock. */
async function centreOf(stage: Stage): Promise<Pick<PathFacts, 'centreName' | 'centre'>> {
  const { questions, memory, context, asking } = stage;
  const { centre } = context;
  if (centre === undefined) return { centreName: 'unknown', centre: 'unknown' };
  const centreName = await remember(stage);
  const host = isIP(centre.host) ? centre.host : memory.address;
  const knocked = host === undefined ? 'unknown' : await questions.knock({ host, port: centre.port }, asking);
  return { centreName, centre: words[knocked] };
}

const words: Record<Knocked | 'unknown', PathFacts['centre']> = {
  open: 'open',
  refused: 'refused',
  unreachable: 'silent',
  silent: 'silent',
  unknown: 'unknown',
};

async function remember({ questions, memory, context, asking }: Stage): Promise<PathFacts['centreName']> {
  const { centre } = context;
  if (centre === undefined || isIP(centre.host)) return 'unknown';
  const looked = await questions.look(centre.host, asking);
  const address = looked.kind === 'found' ? looked.address : await questions.addressOf(centre.host, asking.signal);
  memory.address = address ?? memory.address;
  return address === undefined ? 'missing' : 'found';
}

function limit(clock: Clock, outer: AbortSignal, limitMs: number): { signal: AbortSignal; cancel(): void } {
  const late = new AbortController();
  return { signal: AbortSignal.any([outer, late.signal]), cancel: clock.after(limitMs, () => late.abort()) };
}

function mayAsk({ budget }: ProbeContext): boolean {
  return budget?.hasRoom(dearestBytes) ?? true;
}

function answer(verdict: ReturnType<typeof whereItBreaks>) {
  return { checks: [{ component: 'path', device: '', ...verdict }] };
}
