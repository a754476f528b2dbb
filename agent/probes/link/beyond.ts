/**
 * Tests of the path beyond the router. They ask names, anchors and the server in parallel, until the server is proven or the time is
 * over.
 */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type Clock, isLoopback, isThin, links } from '@sabha/contracts';
import type { CentrePlace, ProbeContext } from '../../checks/probe.ts';
import type { CentreSeen, PathFacts } from '../../link/analysis/path.ts';
import {
  type Asking,
  addressOf,
  type Greet,
  hearsOf,
  isNear,
  type Knocked,
  knock,
  type Looked,
  look,
  nameServers,
  type Place,
} from '../../link/net/reach.ts';
import { type Asked, keepAsking, limited, type Tally, type Trying } from '../../link/net/tries.ts';

/** Network operations of the tests; unit tests replace them. */
export type PathQuestions = {
  knock: typeof knock;
  look: typeof look;
  addressOf: typeof addressOf;
  hearsOf: typeof hearsOf;
  nameServers(): string[];
  isNear(address: string): boolean;
};
export const ownNetwork: PathQuestions = { knock, look, addressOf, hearsOf, nameServers, isNear };

export type Beyond = Pick<PathFacts, 'names' | 'centreName' | 'outside' | 'centre' | 'losesPackets'>;
/** Kept between runs: the server's address, and whether the name servers have answered for names outside their network. */
export type BeyondMemory = { address: string | undefined; servesAll: boolean };
/** `asking` counts the bytes and carries the signal that ends the requests. */
export type BeyondStage = { clock: Clock; questions: PathQuestions; memory: BeyondMemory; context: ProbeContext; asking: Asking };

/** Result if nothing was tested. */
export const unasked: Beyond = { names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown', losesPackets: false };

/** Top-level domain of random names that nobody registered. Only a name server that reaches the root servers can deny them. */
const strangersOf = 'in';
const namePort = 53;
/** Port that most firewalls allow. */
const commonPort = 443;
/** Port at which a captive portal answers. */
const pagePort = 80;
const triesEveryMs = 800;
/** Interval on a thin link, which is charged by volume and has long round trips. */
const thinTriesEveryMs = 2_500;
/** Time limit for the server's name before its last address is used. */
const nameMs = 4_000;
const nameAloneMs = 8_000;
const hostsFileMs = 1_000;
/** Silence of the server after which more is tested: other ports of its machine, and questions that only outside servers can answer. */
const laterMs = 2_500;
const sampleMs = 4_000;
const sampleEveryMs = 200;
/** Refusals that count as a result. A single one may come from a server that is starting. */
const refusalsToBelieve = 2;
const unreachablesToBelieve = 3;
const lossToTell = { atLeast: 3, share: 0.25 };

/** Tests everything beyond the router. Guarantee: it reports a place as silent only after many requests, and packet loss is reported. */
export async function askBeyond(stage: BeyondStage): Promise<Beyond> {
  const { clock, context, memory } = stage;
  const startedUp = clock.up();
  let areNamesAlone = false;
  const strangers = askStrangers(stage, () => areNamesAlone);
  const places = context.centre?.anchors ?? [];
  const anchors = places.map((place) => ({ port: place.port, asked: askPlace(stage, place) }));
  const atItsPort = askAtItsPort(stage, places);
  const servers = askServers(stage, strangers);
  const zone = askZone(stage);
  const named = await nameOfCentre(stage);
  const centre = await askCentre(stage, named.address);
  const needsNames = named.centreName !== 'found' || memory.servesAll;
  if (centre.seen === 'proven') remember(stage, named.address);
  areNamesAlone = centre.seen === 'proven' || centre.seen === 'open';
  if (areNamesAlone) await (needsNames && strangers.first);
  // A slow proof may be due to packet loss, so the loss is sampled.
  const isSlow = centre.seen === 'proven' && clock.up() - startedUp > laterMs;
  const sample = isSlow ? await sampleOf(stage, named, strangers) : named.tally;
  if (isSilent(centre.seen)) await firstOfAll(strangers, { anchors, servers });
  const outside = [...anchors, ...atItsPort, ...servers].map(({ port, asked }) => ({ port, ...reachable(asked.stop()) }));
  const [heardOfNames, heardOfZone] = [strangers.stop(), zone.stop()];
  const names = judgeNames(stage, heardOfNames, named);
  const isNamed = isFromBeyond(stage, { names: heardOfNames, zone: heardOfZone });
  return {
    names,
    centreName: sample.heard.some(({ kind }) => kind === 'found') ? 'found' : named.centreName,
    outside: reachedOf(outside, context.centre?.port) ?? (isNamed ? 'names' : hasAsked(places, names) ? 'silent' : 'unknown'),
    centre: centre.seen,
    losesPackets: tellsLoss([alive(heardOfNames), alive(sample), centre.tally, ...outside]) || hidesLoss(names, centre),
  };
}

/**
 * Waits for the first responses. If names are answered, the connections to the name servers are not awaited, because they would prove
 * nothing more.
 */
async function firstOfAll(strangers: Asked<Looked>, { anchors, servers }: Record<'anchors' | 'servers', Outside[]>): Promise<void> {
  await strangers.first;
  const awaited = isServed(strangers) ? anchors : [...anchors, ...servers.filter(({ port }) => port === namePort)];
  await Promise.all(awaited.map(({ asked }) => asked.first));
}

/** Classifies the places that answered. A firewall may allow only names, or only ports other than the server's. */
function reachedOf(
  outside: readonly { port: number; heard: readonly Knocked[] }[],
  ofCentre: number | undefined,
): 'reached' | 'elsewhere' | 'names' | undefined {
  const ports = outside.filter(({ heard }) => heard.length > 0).map(({ port }) => port);
  if (ports.length === 0) return undefined;
  if (ports.some((port) => port === ofCentre && port !== namePort)) return 'reached';
  return ports.every((port) => port === namePort) ? 'names' : 'elsewhere';
}

/** An anchor with a host name can be tested only if names are answered. */
function hasAsked(anchors: readonly Place[], names: PathFacts['names']): boolean {
  return anchors.some(({ host }) => names === 'answered' || isIP(host) !== 0);
}

/** Tests only the names, until one is answered. */
export async function askNames(stage: BeyondStage): Promise<PathFacts['names']> {
  const strangers = askStrangers(stage);
  const named = await nameOfCentre(stage);
  // The link is up, so the address of that name is valid.
  if (named.isNamed) remember(stage, named.address);
  if (!named.isNamed || stage.memory.servesAll) await strangers.first;
  return judgeNames(stage, strangers.stop(), named);
}

/**
 * Looks up random names. Once no other test runs, a thin link uses the normal interval, because only this test finds a silent name
 * server.
 */
function askStrangers(stage: BeyondStage, isAlone = () => false): Asked<Looked> {
  const { questions, asking } = stage;
  const pace = paceOf(stage);
  const everyMs = () => (isAlone() ? triesEveryMs : pace.everyMs());
  return keepAsking({ ...pace, everyMs }, () => answered(questions.look(`${randomBytes(6).toString('hex')}.${strangersOf}`, asking)));
}

/**
 * Judges the name servers. A server that knows only the Sabha server's name serves its own network, which is no fault.
 * A server that also refuses that name is a router without a line to its own name servers.
 */
function judgeNames({ questions, memory }: BeyondStage, { heard }: Tally<Looked>, { isNamed, centreName }: Named): PathFacts['names'] {
  const kinds = heard.map(({ kind }) => kind);
  if (kinds.includes('none') || kinds.includes('found')) {
    memory.servesAll = true;
    return 'answered';
  }
  // Without a configured name server the resolver uses loopback.
  const isSet = kinds.includes('failed') || kinds.includes('refused') || !questions.nameServers().every(isLoopback);
  const isOwn = (isNamed || (kinds.includes('refused') && centreName !== 'missing')) && !memory.servesAll;
  return !isSet || isOwn ? 'unknown' : 'silent';
}

/**
 * True if a response must have come from beyond the router. For a name server of this network that takes a denied name and the zone's SOA
 * record.
 */
function isFromBeyond({ questions }: BeyondStage, { names, zone }: { names: Tally<Looked>; zone: Tally<true> }): boolean {
  const kinds = names.heard.map(({ kind }) => kind);
  if (questions.nameServers().some(questions.isNear)) return kinds.includes('none') && zone.heard.length > 0;
  return kinds.some((kind) => kind !== 'closed');
}

/** Requests the SOA record of the top-level domain, only after the server was silent for `laterMs`. */
function askZone(stage: BeyondStage): Asked<true> {
  const { questions, asking } = stage;
  return keepAsking(
    { ...paceOf(stage), waits: untilLater(stage) },
    async () => (await questions.hearsOf(strangersOf, asking)) || undefined,
  );
}

function untilLater({ clock }: BeyondStage): () => boolean {
  const fromUp = clock.up() + laterMs;
  return () => clock.up() < fromUp;
}

/**
 * Repeats a lookup often enough to measure packet loss. It needs a name that is answered, or one that is lost while others are answered.
 */
async function sampleOf(stage: BeyondStage, named: Named, strangers: Asked<Looked>): Promise<Tally<Looked>> {
  if (!named.isNamed && (named.tally.lost === 0 || !isServed(strangers))) return named.tally;
  const { clock, questions, context, asking } = stage;
  const host = context.centre?.host ?? '';
  const asked = keepAsking({ clock, everyMs: () => sampleEveryMs, signal: asking.signal }, () => answered(questions.look(host, asking)));
  await new Promise<void>((resolve) => void clock.after(sampleMs, resolve));
  return asked.stop();
}

type Named = { centreName: PathFacts['centreName']; address: string | undefined; isNamed: boolean; tally: Tally<Looked> };

/** Looks up the server's name. `isNamed`: a name server returned it. If the lookup fails, the last known address is used. */
async function nameOfCentre(stage: BeyondStage): Promise<Named> {
  const { clock, questions, memory, context, asking } = stage;
  const host = context.centre?.host ?? '';
  const none = { heard: [], lost: 0 };
  if (isIP(host) !== 0 || host === '') return { centreName: 'unknown', address: host || undefined, isNamed: false, tally: none };
  memory.address ??= readAddress(context.centre);
  const { signal, end } = limited(clock, asking.signal, memory.address === undefined ? nameAloneMs : nameMs);
  const isEnough = (heard: readonly Looked[]) => heard.length > 1 || heard[0]?.kind === 'found';
  const looked = keepAsking({ ...paceOf(stage), signal, isEnough }, () => answered(questions.look(host, { used: asking.used, signal })));
  await looked.first;
  const tally = looked.stop();
  end();
  const found = tally.heard.find((one) => one.kind === 'found');
  const address = found?.address ?? (await byHostsFile(stage, host));
  const isFound = address !== undefined;
  return { centreName: isFound ? 'found' : 'missing', address: address ?? memory.address, isNamed: found !== undefined, tally };
}

/** Looks up the name by the system's resolver, which reads the hosts file and other sources. */
async function byHostsFile({ clock, questions, asking }: BeyondStage, host: string): Promise<string | undefined> {
  const { signal, end } = limited(clock, asking.signal, hostsFileMs);
  return questions.addressOf(host, { used: asking.used, signal }).finally(end);
}

type Centre = { seen: CentreSeen; tally: Tally<Knocked>; tookMs: number };

/** Tests the server. Guarantee: `proven` only if it showed the server's certificate. */
async function askCentre(stage: BeyondStage, host: string | undefined): Promise<Centre> {
  const { clock, questions, context, asking } = stage;
  const { port = 0, greet, doorPort } = context.centre ?? {};
  if (host === undefined) return { seen: 'unknown', tally: { heard: [], lost: 0 }, tookMs: 0 };
  const startedUp = clock.up();
  let [isOpen, isUnreachable] = [false, false];
  const greeting: Greet | undefined =
    greet &&
    ((socket) => {
      isOpen = true;
      return greet(socket);
    });
  const trying: Trying<Knocked> = { ...paceOf(stage), isEnough: isClear, waits: () => isOpen };
  const asked = keepAsking(trying, async () => {
    const knocked = await questions.knock({ host, port }, asking, greeting);
    isOpen = isOpen && knocked === 'mute';
    isUnreachable ||= knocked === 'unreachable';
    return knocked === 'silent' ? undefined : knocked;
  });
  const isEarly = untilLater(stage);
  const waits = () => isOpen || (isEarly() && !isUnreachable);
  const others = [...new Set([commonPort, pagePort, doorPort ?? commonPort])].map((other) => askPlace(stage, { host, port: other }, waits));
  await asked.first;
  const { heard, lost } = asked.stop();
  // Is only this port closed, or is the whole machine unreachable?
  if (heard.every((one) => one === 'unreachable')) await Promise.all(others.map(({ first }) => first));
  const heardOther = others.flatMap((one) => one.stop().heard);
  const hasOther = heardOther.some((one) => one !== 'unreachable');
  const said = order.find((one) => heard.includes(one));
  // Routers limit the rate of this message, so one is enough, for any port.
  const byRouter = isUnreachable || heardOther.length > 0 ? 'unreachable' : 'silent';
  const seen = said ?? (isOpen ? 'mute' : hasOther ? 'other port' : byRouter);
  return { seen, tally: reachable({ heard: isOpen ? [...heard, 'mute'] : heard, lost }), tookMs: clock.up() - startedUp };
}

/** By strength of the evidence, the strongest first. */
const order = ['proven', 'stranger', 'undated', 'open', 'ended', 'refused', 'mute'] as const;

function isClear(heard: readonly Knocked[]): boolean {
  const count = (kind: Knocked) => heard.filter((one) => one === kind).length;
  if (heard.some((one) => one === 'proven' || one === 'stranger' || one === 'undated' || one === 'open')) return true;
  return count('ended') + count('refused') >= refusalsToBelieve || count('unreachable') >= unreachablesToBelieve;
}

function isSilent(seen: CentreSeen): boolean {
  return seen === 'mute' || seen === 'other port' || seen === 'unreachable' || seen === 'silent' || seen === 'unknown';
}

/** A test of a host beyond the router, at this port. */
type Outside = { port: number; asked: Asked<Knocked> };

/**
 * Tests the anchors at the server's port. An anchor at another port does not prove a way to the server's port. Any response counts, and
 * it runs only if the server is silent.
 */
function askAtItsPort(stage: BeyondStage, anchors: readonly Place[]): Outside[] {
  const { port = 0 } = stage.context.centre ?? {};
  const others = anchors.filter((place) => place.port !== port);
  return others.map(({ host }) => ({ port, asked: askPlace(stage, { host, port }, untilLater(stage)) }));
}

/**
 * Tests name servers outside this network. Without answered names: do they accept a connection?
 * With answered names: can a machine other than the server be reached at the server's port?
 */
function askServers(stage: BeyondStage, strangers: Asked<Looked>): Outside[] {
  const { questions, context } = stage;
  const isEarly = untilLater(stage);
  const servers = questions.nameServers().filter((address) => isIP(address) !== 0 && !questions.isNear(address));
  const ask = (port: number, waits: () => boolean) =>
    servers.map((host) => ({ port, asked: askPlace(stage, { host, port }, () => isEarly() || waits()) }));
  return [...ask(namePort, () => isServed(strangers)), ...ask(context.centre?.port ?? 0, () => !isServed(strangers))];
}

function isServed({ heard }: Asked<Looked>): boolean {
  return heard.some(({ kind }) => kind !== 'closed');
}

function askPlace(stage: BeyondStage, place: Place, waits?: () => boolean): Asked<Knocked> {
  const isEnough = (heard: readonly Knocked[]) => heard.some((one) => one !== 'unreachable') || heard.length >= unreachablesToBelieve;
  return keepAsking({ ...paceOf(stage), isEnough, ...(waits && { waits }) }, async () => {
    const knocked = await stage.questions.knock(place, stage.asking);
    return knocked === 'silent' ? undefined : knocked;
  });
}

/** Removes ICMP errors of routers, which are not responses of the place itself. */
function reachable({ heard, lost }: Tally<Knocked>): Tally<Knocked> {
  return { heard: heard.filter((one) => one !== 'unreachable'), lost };
}

async function answered(looking: Promise<Looked>): Promise<Looked | undefined> {
  const looked = await looking;
  return looked.kind === 'silent' ? undefined : looked;
}

/** Removes "port closed" responses, which a machine without a name server sends at no cost. */
function alive({ heard, lost }: Tally<Looked>): Tally<Looked> {
  return { heard: heard.filter(({ kind }) => kind !== 'closed'), lost };
}

/** True if enough packets were lost. A place that never answers does not count, because its loss is unknown. */
function tellsLoss(tallies: readonly Tally<unknown>[]): boolean {
  const answering = tallies.filter(({ heard }) => heard.length > 0);
  const sum = (count: (tally: Tally<unknown>) => number) => answering.reduce((total, one) => total + count(one), 0);
  const [lost, heard] = [sum((one) => one.lost), sum((one) => one.heard.length)];
  return lost >= lossToTell.atLeast && lost >= lossToTell.share * (lost + heard);
}

/** TCP sends lost packets again. A slow TLS proof together with silent names therefore points to packet loss. */
function hidesLoss(names: PathFacts['names'], { seen, tookMs }: Centre): boolean {
  return names === 'silent' && seen === 'proven' && tookMs > laterMs;
}

function paceOf({ clock, context, asking }: BeyondStage): Pick<Trying<never>, 'clock' | 'everyMs' | 'signal'> {
  return { clock, everyMs: () => (isThin(links[context.profile.link]) ? thinTriesEveryMs : triesEveryMs), signal: asking.signal };
}

/** Returns the stored address of exactly this host name. After enrolment at another server the stored address does not apply. */
function readAddress(centre: CentrePlace | undefined): string | undefined {
  const [name, address = ''] = centre?.lastAddress?.load()?.trim().split(' ') ?? [];
  return name === centre?.host && isIP(address) !== 0 ? address : undefined;
}

function remember({ memory, context: { centre } }: BeyondStage, address: string | undefined): void {
  if (address === undefined || centre === undefined || isIP(centre.host) !== 0 || memory.address === address) return;
  memory.address = address;
  if (readAddress(centre) !== address) centre.lastAddress?.save(`${centre.host} ${address}\n`);
}
