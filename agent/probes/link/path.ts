/** Where the way to the centre breaks: this PC's network, the router, the names, the line, or the centre itself. */
import { type Clock, isLoopback, isThin, links, realClock } from '@sabha/contracts';
import type { CentrePlace, Probe, ProbeContext } from '../../checks/probe.ts';
import { type PathFacts, whereItBreaks } from '../../link/analysis/path.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { limited } from '../../link/net/tries.ts';
import type { Gateway, NetworkState } from '../../platform/platform.ts';
import {
  askBeyond,
  askNames,
  type Beyond,
  type BeyondMemory,
  type BeyondStage,
  ownNetwork,
  type PathQuestions,
  unasked,
} from './beyond.ts';

type Memory = BeyondMemory & {
  namesUp: number;
  /** While the link is up: what is said of the names, and whether they were silent at the last look. */
  names: PathFacts['names'];
  isSilent: boolean;
  wereWell: boolean;
  askedUp: number;
  local: string;
  beyond: Beyond;
};

const everyMs = 60_000;
/** A neighbour that does not answer is given up by the system within 8 s. */
const neighbourMs = 9_000;
/** Time for so many tries that even of a line that loses most of its packets some come back. */
const beyondMs = 12_000;
/** While the link is up, names are what else a meeting needs. */
const namesEveryMs = 900_000;
const thinNamesEveryMs = 3_600_000;
/** A thin link that is down at the centre alone still costs by the byte. */
const thinBeyondEveryMs = 300_000;
const dearestBytes = 20_000;
/** A router answers one of these or refuses it: both say that it lives. */
const routerPort = 53;

/** While the link is up it costs nothing but a name now and then; when the link is lost it asks at once. */
export function createPathProbe(clock: Clock = realClock(), questions: PathQuestions = ownNetwork): Probe {
  const never = Number.NEGATIVE_INFINITY;
  const memory: Memory = {
    namesUp: never,
    names: 'unknown',
    isSilent: false,
    wereWell: false,
    askedUp: never,
    local: '',
    beyond: unasked,
    address: undefined,
    servesAll: false,
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
      if (isLoopback(centre.host)) return answer(await atHome(context, centre, questions));
      const [near, beyond] = [limited(clock, context.signal, neighbourMs), limited(clock, context.signal, beyondMs)];
      const used = (wireBytes: number) => context.budget?.used('tests', wireBytes);
      const stage = { clock, questions, memory, context, near: near.signal, asking: { used, signal: beyond.signal } };
      try {
        const path = await (self.connected === true ? factsOfUp(stage) : factsOfDown(stage));
        return { ...answer(whereItBreaks(path)), path };
      } finally {
        near.end();
        beyond.end();
      }
    },
  };
}

/** No way leads to a centre on this PC; whether it runs is known by the link, or by its port. */
async function atHome({ self, signal }: ProbeContext, centre: CentrePlace, { knock }: PathQuestions): Promise<Verdict> {
  const seen = self.connected === true ? 'proven' : await knock(centre, { signal, used: () => undefined }, centre.greet);
  if (seen === 'proven' || seen === 'open') return { ...ok, reason: 'the centre is on this PC' };
  return fault('path.centre', 'the centre on this PC does not answer');
}

/** `near` is how long the router is waited for. */
type Stage = BeyondStage & { memory: Memory; near: AbortSignal };

async function factsOfUp(stage: Stage): Promise<PathFacts> {
  const { clock, memory, context } = stage;
  const dueMs = isThin(links[context.profile.link]) ? thinNamesEveryMs : namesEveryMs;
  // What was silent is asked again at the next look.
  if ((memory.isSilent || clock.up() - memory.namesUp >= dueMs) && mayAsk(context)) {
    const names = await askNames(stage);
    memory.names = names === 'silent' && !memory.isSilent ? 'unknown' : names;
    memory.isSilent = names === 'silent';
    memory.namesUp = clock.up();
  }
  memory.askedUp = Number.NEGATIVE_INFINITY;
  memory.wereWell = memory.names === 'answered';
  return { linkUp: true, local: 'on', gateway: 'unknown', ...unasked, names: memory.names, wereWell: memory.wereWell };
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
  memory.names = beyond.names === 'silent' ? 'unknown' : beyond.names;
  memory.isSilent = beyond.names === 'silent';
  memory.wereWell &&= beyond.names !== 'answered';
  memory.namesUp = clock.up();
  return { linkUp: false, local, gateway, ...beyond, wereWell: memory.wereWell };
}

function localOf(state: NetworkState | undefined): PathFacts['local'] {
  if (state === undefined) return 'unknown';
  if (state.interfaces.length === 0) return 'no carrier';
  return state.hasAddress && state.hasWayOut ? 'on' : 'no way out';
}

/** One of those that are taken is enough where no other one is dead: which of them led to the centre nobody knows. */
async function gatewayOf(stage: Stage, state: NetworkState | undefined): Promise<PathFacts['gateway']> {
  if (state === undefined) return 'unknown';
  if (state.gateways.length === 0) return 'none';
  const all = await Promise.all(state.gateways.map((gateway) => isAlive(stage, gateway)));
  if (all.every((one) => one === false)) return 'dead';
  return all.includes(true) && !all.includes(false) ? 'answers' : 'unknown';
}

/**
 * The knock makes the system ask for its neighbour: one that is not there at all is dead. One that is only heard drops what it does not serve, or
 * nothing leaves this PC, whose own firewall lets its system ask all the same. Nothing of it leaves this network.
 */
async function isAlive({ questions, context, near }: Stage, gateway: Gateway): Promise<boolean | null> {
  const knock = () => questions.knock({ host: gateway.address, port: routerPort }, { signal: near, used: () => undefined });
  const first = await knock();
  // That it is not there the system says after three questions; it is believed after six.
  const knocked = first === 'unreachable' ? await knock() : first;
  if (knocked !== 'silent') return knocked !== 'unreachable';
  return (await context.platform.isNeighbourHeard(gateway)) === false ? false : null;
}

async function beyondOf(stage: Stage, local: string): Promise<Beyond> {
  const { clock, memory, context } = stage;
  const isRecent = isThin(links[context.profile.link]) && memory.local === local && clock.up() - memory.askedUp < thinBeyondEveryMs;
  if (isRecent) return memory.beyond;
  if (!mayAsk(context)) return unasked;
  Object.assign(memory, { beyond: await askBeyond(stage), askedUp: clock.up(), local });
  return memory.beyond;
}

function mayAsk({ budget }: ProbeContext): boolean {
  return budget?.hasRoom(dearestBytes) ?? true;
}

function answer(verdict: Verdict) {
  return { checks: [{ component: 'path', device: '', ...verdict }] };
}
