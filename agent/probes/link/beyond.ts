/** What lies beyond the router: names, anchors and the centre are asked together, until the centre has shown who it is or the time is over. */
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

/** What is asked of a network; the tests put one of their own in its place. */
export type PathQuestions = {
  knock: typeof knock;
  look: typeof look;
  addressOf: typeof addressOf;
  hearsOf: typeof hearsOf;
  nameServers(): string[];
  isNear(address: string): boolean;
};
/** Those to the network of this PC. */
export const ownNetwork: PathQuestions = { knock, look, addressOf, hearsOf, nameServers, isNear };

/** The part of the facts that lies beyond the router. */
export type Beyond = Pick<PathFacts, 'names' | 'centreName' | 'outside' | 'centre' | 'losesPackets'>;
/** Of an earlier look: the address of the centre, and whether the name servers answer for more than their own network. */
export type BeyondMemory = { address: string | undefined; servesAll: boolean };
/** `asking` is paid for, and over when nobody is waited for any more. */
export type BeyondStage = { clock: Clock; questions: PathQuestions; memory: BeyondMemory; context: ProbeContext; asking: Asking };

/** Nothing was asked. */
export const unasked: Beyond = { names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown', losesPackets: false };

/** A name that nobody has ever asked for: only a server that reaches the roots can say that there is none. */
const strangersOf = 'in';
const namePort = 53;
/** What a firewall lets through where it lets anything through. */
const commonPort = 443;
/** Where a login page answers that leaves all else alone. */
const pagePort = 80;
const triesEveryMs = 800;
/** By the byte, and with answers that take their time. */
const thinTriesEveryMs = 2_500;
/** So long the name of the centre is looked for before its last address is tried. */
const nameMs = 4_000;
const nameAloneMs = 8_000;
const hostsFileMs = 1_000;
/** Where the centre is silent for so long, more is asked: its machine at another port, and what only servers of elsewhere know. */
const laterMs = 2_500;
const sampleMs = 4_000;
const sampleEveryMs = 200;
/** One that ends or refuses a connection may be about to start. */
const refusalsToBelieve = 2;
const unreachablesToBelieve = 3;
const lossToTell = { atLeast: 3, share: 0.25 };

/** Guarantee: what it calls silent was asked many times, and of what was lost on the way it says so. */
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
  // What took its time may have lost much on the way.
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

/** Names that are answered come from beyond or prove nothing: either way nobody waits for a second answer of their server. */
async function firstOfAll(strangers: Asked<Looked>, { anchors, servers }: Record<'anchors' | 'servers', Outside[]>): Promise<void> {
  await strangers.first;
  const awaited = isServed(strangers) ? anchors : [...anchors, ...servers.filter(({ port }) => port === namePort)];
  await Promise.all(awaited.map(({ asked }) => asked.first));
}

/** Whoever answers names alone, or at a port that is not that of the centre, may be the only one that is let through. */
function reachedOf(
  outside: readonly { port: number; heard: readonly Knocked[] }[],
  ofCentre: number | undefined,
): 'reached' | 'elsewhere' | 'names' | undefined {
  const ports = outside.filter(({ heard }) => heard.length > 0).map(({ port }) => port);
  if (ports.length === 0) return undefined;
  if (ports.some((port) => port === ofCentre && port !== namePort)) return 'reached';
  return ports.every((port) => port === namePort) ? 'names' : 'elsewhere';
}

/** An anchor that has a name was only asked where names are answered. */
function hasAsked(anchors: readonly Place[], names: PathFacts['names']): boolean {
  return anchors.some(({ host }) => names === 'answered' || isIP(host) !== 0);
}

/** The names alone, as long as it takes until one is answered. */
export async function askNames(stage: BeyondStage): Promise<PathFacts['names']> {
  const strangers = askStrangers(stage);
  const named = await nameOfCentre(stage);
  // Where the link is up, it is up at the address of that name.
  if (named.isNamed) remember(stage, named.address);
  if (!named.isNamed || stage.memory.servesAll) await strangers.first;
  return judgeNames(stage, strangers.stop(), named);
}

/** On a thin link as often as elsewhere while nothing else is asked for: a name server is called silent by that alone. */
function askStrangers(stage: BeyondStage, isAlone = () => false): Asked<Looked> {
  const { questions, asking } = stage;
  const pace = paceOf(stage);
  const everyMs = () => (isAlone() ? triesEveryMs : pace.everyMs());
  return keepAsking({ ...pace, everyMs }, () => answered(questions.look(`${randomBytes(6).toString('hex')}.${strangersOf}`, asking)));
}

/**
 * A server that knows the centre and never answered for anybody else serves its own network alone: that is no fault. One that refuses the name of
 * the centre too is a router without a line to its own servers.
 */
function judgeNames({ questions, memory }: BeyondStage, { heard }: Tally<Looked>, { isNamed, centreName }: Named): PathFacts['names'] {
  const kinds = heard.map(({ kind }) => kind);
  if (kinds.includes('none') || kinds.includes('found')) {
    memory.servesAll = true;
    return 'answered';
  }
  // The resolver's own default where the system has no server set.
  const isSet = kinds.includes('failed') || kinds.includes('refused') || !questions.nameServers().every(isLoopback);
  const isOwn = (isNamed || (kinds.includes('refused') && centreName !== 'missing')) && !memory.servesAll;
  return !isSet || isOwn ? 'unknown' : 'silent';
}

/** From a server of this network only an answer that none can make up has come over the line. */
function isFromBeyond({ questions }: BeyondStage, { names, zone }: { names: Tally<Looked>; zone: Tally<true> }): boolean {
  const kinds = names.heard.map(({ kind }) => kind);
  if (questions.nameServers().some(questions.isNear)) return kinds.includes('none') && zone.heard.length > 0;
  return kinds.some((kind) => kind !== 'closed');
}

/** Only where the centre keeps it waiting. */
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

/** A question that is answered is asked so often that what is lost of it shows; so is one that was lost where others are answered. */
async function sampleOf(stage: BeyondStage, named: Named, strangers: Asked<Looked>): Promise<Tally<Looked>> {
  if (!named.isNamed && (named.tally.lost === 0 || !isServed(strangers))) return named.tally;
  const { clock, questions, context, asking } = stage;
  const host = context.centre?.host ?? '';
  const asked = keepAsking({ clock, everyMs: () => sampleEveryMs, signal: asking.signal }, () => answered(questions.look(host, asking)));
  await new Promise<void>((resolve) => void clock.after(sampleMs, resolve));
  return asked.stop();
}

type Named = { centreName: PathFacts['centreName']; address: string | undefined; isNamed: boolean; tally: Tally<Looked> };

/** `isNamed`: a name server said it. A name that cannot be looked up now may have been before: its last address is still good for a question. */
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

/** Or whatever else the system asks first; if that is a name server as well, it has been asked. */
async function byHostsFile({ clock, questions, asking }: BeyondStage, host: string): Promise<string | undefined> {
  const { signal, end } = limited(clock, asking.signal, hostsFileMs);
  return questions.addressOf(host, { used: asking.used, signal }).finally(end);
}

type Centre = { seen: CentreSeen; tally: Tally<Knocked>; tookMs: number };

/** Guarantee: `proven` only where it showed the certificate of the centre. */
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
  // Of its port alone, or of all of it?
  if (heard.every((one) => one === 'unreachable')) await Promise.all(others.map(({ first }) => first));
  const heardOther = others.flatMap((one) => one.stop().heard);
  const hasOther = heardOther.some((one) => one !== 'unreachable');
  const said = order.find((one) => heard.includes(one));
  // Routers say it rarely, so that once is enough, whichever port it was said of.
  const byRouter = isUnreachable || heardOther.length > 0 ? 'unreachable' : 'silent';
  const seen = said ?? (isOpen ? 'mute' : hasOther ? 'other port' : byRouter);
  return { seen, tally: reachable({ heard: isOpen ? [...heard, 'mute'] : heard, lost }), tookMs: clock.up() - startedUp };
}

/** The clearest first. */
const order = ['proven', 'stranger', 'undated', 'open', 'ended', 'refused', 'mute'] as const;

function isClear(heard: readonly Knocked[]): boolean {
  const count = (kind: Knocked) => heard.filter((one) => one === kind).length;
  if (heard.some((one) => one === 'proven' || one === 'stranger' || one === 'undated' || one === 'open')) return true;
  return count('ended') + count('refused') >= refusalsToBelieve || count('unreachable') >= unreachablesToBelieve;
}

function isSilent(seen: CentreSeen): boolean {
  return seen === 'mute' || seen === 'other port' || seen === 'unreachable' || seen === 'silent' || seen === 'unknown';
}

/** A question to somebody beyond the router, at this port. */
type Outside = { port: number; asked: Asked<Knocked> };

/** An anchor at another port proves no way to that of the centre: there its machine is asked as well, whatever it says, where the centre is silent. */
function askAtItsPort(stage: BeyondStage, anchors: readonly Place[]): Outside[] {
  const { port = 0 } = stage.context.centre ?? {};
  const others = anchors.filter((place) => place.port !== port);
  return others.map(({ host }) => ({ port, asked: askPlace(stage, { host, port }, untilLater(stage)) }));
}

/**
 * A name server of elsewhere that answers no name yet: whether it takes the connection or not. One that serves: whether a machine that is not
 * the centre is let through to at the port of the centre, whatever it says there.
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

/** What some router on the way says is no answer of the place itself. */
function reachable({ heard, lost }: Tally<Knocked>): Tally<Knocked> {
  return { heard: heard.filter((one) => one !== 'unreachable'), lost };
}

async function answered(looking: Promise<Looked>): Promise<Looked | undefined> {
  const looked = await looking;
  return looked.kind === 'silent' ? undefined : looked;
}

/** That nobody listens there, its machine says as often as it likes. */
function alive({ heard, lost }: Tally<Looked>): Tally<Looked> {
  return { heard: heard.filter(({ kind }) => kind !== 'closed'), lost };
}

/** Of one that never answers nobody knows whether anything was lost. */
function tellsLoss(tallies: readonly Tally<unknown>[]): boolean {
  const answering = tallies.filter(({ heard }) => heard.length > 0);
  const sum = (count: (tally: Tally<unknown>) => number) => answering.reduce((total, one) => total + count(one), 0);
  const [lost, heard] = [sum((one) => one.lost), sum((one) => one.heard.length)];
  return lost >= lossToTell.atLeast && lost >= lossToTell.share * (lost + heard);
}

/** The system itself sends again what is lost of a connection: a line that keeps a proof waiting may have lost every question for a name. */
function hidesLoss(names: PathFacts['names'], { seen, tookMs }: Centre): boolean {
  return names === 'silent' && seen === 'proven' && tookMs > laterMs;
}

function paceOf({ clock, context, asking }: BeyondStage): Pick<Trying<never>, 'clock' | 'everyMs' | 'signal'> {
  return { clock, everyMs: () => (isThin(links[context.profile.link]) ? thinTriesEveryMs : triesEveryMs), signal: asking.signal };
}

/** Of this very name: whoever is enrolled at another centre knows nothing of it yet. */
function readAddress(centre: CentrePlace | undefined): string | undefined {
  const [name, address = ''] = centre?.lastAddress?.load()?.trim().split(' ') ?? [];
  return name === centre?.host && isIP(address) !== 0 ? address : undefined;
}

function remember({ memory, context: { centre } }: BeyondStage, address: string | undefined): void {
  if (address === undefined || centre === undefined || isIP(centre.host) !== 0 || memory.address === address) return;
  memory.address = address;
  if (readAddress(centre) !== address) centre.lastAddress?.save(`${centre.host} ${address}\n`);
}
