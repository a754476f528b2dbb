/** Where the way to the centre breaks, decided from what was seen of each part of it. */
import { fault, ok, unknown, type Verdict } from './verdict.ts';

/** What was seen of each part of the way to the centre. */
export type PathFacts = {
  /** The link to the centre is up: all of the way is proven. */
  linkUp: boolean;
  /** Is this PC on its local network: an interface with a carrier and an address, and a way out of it. */
  local: 'on' | 'no carrier' | 'no way out' | 'unknown';
  /** `none`: the way out leads over no router of this network, as on a modem. */
  gateway: 'answers' | 'dead' | 'none' | 'unknown';
  /** Does a name server answer, with anything at all, a question that it cannot answer from memory. */
  names: 'answered' | 'silent' | 'unknown';
  /** `unknown` also where the centre is given as an address. */
  centreName: 'found' | 'missing' | 'unknown';
  /** Somebody behind the router: an anchor of the settings, a name server that is not of this network. */
  outside: 'reached' | 'silent' | 'unknown';
  /** `refused` came from the centre's own machine, so the way leads there. */
  centre: 'open' | 'refused' | 'silent' | 'unknown';
};

/** Which part is broken, if any. */
export type PathVerdict = Verdict<PathFault>;
/** The parts that can break, from this PC outwards. */
export type PathFault = 'path.local' | 'path.gateway' | 'path.dns' | 'path.last_mile' | 'path.centre';

/** The first part that is broken, from this PC outwards. Guarantee: without a part that was seen to be broken there is no fault. */
export function whereItBreaks(facts: PathFacts): PathVerdict {
  const { linkUp, local, gateway, centre, names } = facts;
  if (linkUp || centre === 'open') return names === 'silent' ? fault('path.dns', 'no name server answers') : ok;
  if (local === 'no carrier') return fault('path.local', 'no cable and no Wi-Fi');
  if (local === 'no way out') return fault('path.local', 'no address from the network');
  if (isBeyond(facts)) return behindTheLine(facts);
  if (gateway === 'dead') return fault('path.gateway');
  return ofTheLine(facts);
}

/** Something beyond the router answered, whatever the router itself says. */
function isBeyond({ names, outside, centre }: PathFacts): boolean {
  return names === 'answered' || outside === 'reached' || centre === 'refused';
}

function behindTheLine({ names, centreName, centre }: PathFacts): PathVerdict {
  if (centreName === 'missing')
    return fault('path.dns', names === 'silent' ? 'no name server answers' : 'the name of the centre is not known there');
  if (centre === 'refused') return fault('path.centre', 'it refuses connections');
  if (centre === 'silent') return fault('path.centre');
  return unknown('no centre is known here');
}

/** Nothing beyond the router answered. Where nobody but the centre could be asked, it may as well be the centre that is down. */
function ofTheLine({ gateway, names, outside, centre }: PathFacts): PathVerdict {
  if (gateway === 'unknown') return unknown('the router could not be asked');
  if (names === 'silent' || outside === 'silent') return fault('path.last_mile');
  return unknown(centre === 'silent' ? 'nobody but the centre could be asked' : 'nobody could be asked');
}
