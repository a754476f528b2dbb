/** Broken networks, each with the accepted results of the check `path`. `unknown` is always accepted, because it blames nobody. */
import { at, type BrokenOffice, ports } from './broken-office.ts';

type Said = 'ok' | 'path.local' | 'path.gateway' | 'path.dns' | 'path.last_mile' | 'path.centre' | 'path.between';

export type BrokenNetwork = {
  what: string;
  /** Accepted results. The first is the best one. */
  may: readonly [Said, ...Said[]];
  /** The PC has anchors: hosts beyond the router by which it judges the line. */
  anchors?: true;
  /** The PC was enrolled and has never reached its server since. */
  isFresh?: true;
  /** The short run by day also includes this case. */
  isQuick?: true;
  breaks(office: BrokenOffice): Promise<void> | void;
};

const drop = (share: number) => `numgen random mod 100 < ${share} drop`;
const toPort = (port: number) => `ip daddr ${at.centre} tcp dport ${port}`;
const portal = async (office: BrokenOffice, how: 'page' | 'foreign') => {
  await office.startPortal(how);
  office.rule(office.router, 'prerouting', 'iif in0 tcp dport 1-65535 redirect to :8080');
};
const pageAt80 = async (office: BrokenOffice) => {
  await office.startPortal('page');
  office.rule(office.router, 'prerouting', 'iif in0 tcp dport 80 redirect to :8080');
};
const namesPass = ['ct state established,related accept', 'udp dport 53 accept'];

export const brokenNetworks: readonly BrokenNetwork[] = [
  { what: 'nothing', may: ['ok'], isQuick: true, breaks: () => undefined },
  {
    what: 'the cable is out',
    may: ['path.local'],
    isQuick: true,
    breaks: ({ ip, office }) => ip(office, 'link', 'set', 'pc0', 'down'),
  },
  {
    what: 'nobody gave this PC an address',
    may: ['path.local'],
    breaks: ({ ip, office }) => ip(office, 'address', 'flush', 'dev', 'pc0'),
  },
  {
    what: 'the router is gone',
    may: ['path.gateway'],
    breaks({ ip, office, router }) {
      ip(router, 'address', 'del', `${at.routerIn}/24`, 'dev', 'in0');
      ip(office, 'neigh', 'flush', 'all');
    },
  },
  {
    what: 'the nearer of two routers is gone',
    may: ['path.gateway'],
    isQuick: true,
    breaks({ ip, office }) {
      ip(office, 'route', 'replace', 'default', 'via', '10.77.1.9');
      ip(office, 'route', 'replace', 'default', 'via', at.routerIn, 'metric', '100');
    },
  },
  {
    what: 'the line swallows everything',
    may: ['path.last_mile'],
    anchors: true,
    breaks: ({ ip, router }) => ip(router, 'route', 'replace', 'blackhole', '10.77.2.0/24'),
  },
  {
    // A PC that has just started cannot distinguish a dead line from a failed name server or a moved server.
    what: 'the line swallows everything, and nobody else is known beyond it',
    may: ['path.last_mile'],
    breaks: ({ ip, router }) => ip(router, 'route', 'replace', 'blackhole', '10.77.2.0/24'),
  },
  {
    what: 'the router says that the line is gone',
    may: ['path.last_mile'],
    isQuick: true,
    anchors: true,
    breaks: ({ ip, router }) => ip(router, 'route', 'replace', 'unreachable', '10.77.2.0/24'),
  },
  {
    what: 'the line is gone behind a router that answers nothing itself',
    may: ['path.last_mile'],
    breaks(office) {
      office.rule(office.router, 'input', 'drop');
      office.ip(office.router, 'route', 'replace', 'blackhole', '10.77.2.0/24');
    },
  },
  { what: 'the name server is stopped', may: ['path.dns'], breaks: ({ end }) => end('names') },
  {
    what: 'the name server is stopped, on a fresh PC',
    may: ['path.dns'],
    isQuick: true,
    isFresh: true,
    breaks: ({ end }) => end('names'),
  },
  {
    what: 'the name server does not know the centre',
    may: ['path.dns'],
    isFresh: true,
    breaks: ({ startNames }) => startNames('not the centre'),
  },
  {
    what: 'nothing: the name server knows only the centre',
    may: ['ok'],
    isQuick: true,
    breaks: ({ startNames }) => startNames('only the centre'),
  },
  {
    what: 'the machine of the centre is dead',
    may: ['path.centre'],
    breaks: (office) => office.rule(office.world, 'input', `ip daddr ${at.centre} drop`),
  },
  {
    what: 'names pass, and all TCP is swallowed',
    may: ['path.between'],
    isQuick: true,
    breaks: (office) => office.rule(office.router, 'forward', 'meta l4proto tcp drop'),
  },
  {
    what: 'a login page at port 80 alone, names pass, all else is swallowed',
    may: ['path.between'],
    async breaks(office) {
      await pageAt80(office);
      office.rule(office.router, 'forward', ...namesPass, 'iif in0 drop');
    },
  },
  {
    // The last router sends the same ICMP error as a firewall.
    what: 'the machine of the centre is gone',
    may: ['path.between', 'path.centre'],
    anchors: true,
    breaks: ({ ip, world }) => ip(world, 'address', 'del', `${at.centre}/24`, 'dev', 'w0'),
  },
  {
    what: 'a firewall says that the centre is prohibited',
    may: ['path.between'],
    isQuick: true,
    breaks: (office) => office.rule(office.router, 'forward', `ip daddr ${at.centre} reject with icmp type admin-prohibited`),
  },
  { what: 'the centre is stopped', may: ['path.between'], breaks: ({ end }) => end('centre') },
  {
    what: 'a firewall resets the port of the centre',
    may: ['path.between'],
    isQuick: true,
    breaks: (office) => office.rule(office.router, 'forward', `${toPort(ports.mqtt)} reject with tcp reset`),
  },
  {
    what: 'a firewall drops the port of the centre',
    may: ['path.between'],
    anchors: true,
    breaks: (office) => office.rule(office.router, 'forward', `${toPort(ports.mqtt)} drop`),
  },
  {
    what: 'a login page answers at every port',
    may: ['path.between'],
    anchors: true,
    isQuick: true,
    breaks: (office) => portal(office, 'page'),
  },
  {
    what: 'a login page answers every name and speaks TLS',
    may: ['path.between'],
    async breaks(office) {
      await office.startNames('lies');
      await portal(office, 'foreign');
    },
  },
  {
    what: 'the centre ends each connection at once',
    isQuick: true,
    may: ['path.between', 'path.centre'],
    breaks: ({ startCentre }) => startCentre('ends'),
  },
  {
    what: 'the centre refuses TLS',
    may: ['path.between', 'path.centre'],
    isQuick: true,
    breaks: ({ startCentre }) => startCentre('alert'),
  },
  {
    what: 'large packets are swallowed',
    may: ['path.between', 'path.last_mile'],
    breaks: (office) => office.rule(office.router, 'forward', 'ip length > 1000 drop'),
  },
  {
    // A received certificate proves the path, whatever share of packets is lost. The link check judges the loss.
    what: '60 % of the packets are lost each way',
    may: ['ok', 'path.between', 'path.last_mile'],
    isQuick: true,
    breaks: (office) => office.rule(office.router, 'forward', drop(60)),
  },
  {
    what: '30 % of the packets are lost each way',
    may: ['ok', 'path.between', 'path.last_mile'],
    breaks: (office) => office.rule(office.router, 'forward', drop(30)),
  },
];

/** Breaks a healthy network and returns the results of `runs` checks that run at once. */
export async function askBroken(office: BrokenOffice, network: BrokenNetwork, runs: number): Promise<string[]> {
  await office.mend();
  const data = network.isFresh ? await office.freshFolder() : undefined;
  await network.breaks(office);
  const env = network.anchors && { SABHA_ANCHORS: `${at.anchor}:443` };
  const said = await Promise.all(Array.from({ length: runs }, () => office.check(env, data)));
  return said.map(({ status, fault }) => fault ?? status);
}
