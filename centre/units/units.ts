/** The parts of a centre as services of systemd: a unit each, made from what `start.ts` says of its parts. */
import { join } from 'node:path';
import { type Places, userOf } from '../machine/places.ts';

/** A part, as `start.ts --parts` says it: what its Node is given. */
export type Part = { name: string; args: readonly string[] };
/** A file for systemd. */
export type Unit = { name: string; text: string };
/** What is particular to a part. */
type Manner = {
  about: string;
  writes: readonly string[];
  hidden: readonly string[];
  network: 'all' | 'loopback';
  /** System calls beside those of any service. */
  calls?: string;
};

/** All of them start and stop with it. */
export const target = 'sabha.target';
/** Makes what the parts start from; not one of them waits for its success. */
const preparing = 'sabha-prepare.service';

/** A process whose event loop has not run for so long is ended and started again. */
const watchdogSeconds = 30;

/** The name of the unit of a part. */
export function unitOf(part: string): string {
  return `${userOf(part)}.service`;
}

/** The units of a release. They name the link to the release in use, so that one that takes its place brings its own. */
export function unitsOf(parts: readonly Part[], places: Places): Unit[] {
  const manners = mannersOf(places);
  return [
    { name: target, text: targetText(parts) },
    { name: preparing, text: preparingText(places) },
    ...parts.map((part) => ({ name: unitOf(part.name), text: partText(part, manners[part.name] ?? unknown, places) })),
  ];
}

/** A part of which nothing is known may nothing. */
const unknown: Manner = { about: 'a part', writes: [], hidden: [], network: 'loopback' };

function mannersOf({ data, settings }: Places): Record<string, Manner> {
  const own = (part: string) => join(data, part, 'own');
  const ofFlows = [join(data, 'flows'), settings];
  return {
    broker: {
      about: 'admits known PCs and carries their messages',
      writes: [own('broker')],
      hidden: [...ofFlows, join(data, 'dashboards')],
      network: 'all',
    },
    flows: {
      about: 'the ledger, the incidents, who is told',
      // Where the second folder of backups may lie.
      writes: [join(data, 'flows'), join(data, 'broker'), '-/var/backups/sabha', '-/mnt', '-/media', '-/srv'],
      hidden: [],
      network: 'all',
      // The proof of a backup takes the processor time that is left over.
      calls: 'setpriority',
    },
    dashboards: {
      about: 'series for Prometheus',
      writes: [own('dashboards')],
      hidden: [...ofFlows, join(data, 'broker')],
      network: 'loopback',
    },
  };
}

function targetText(parts: readonly Part[]): string {
  return `[Unit]
Description=Sabha: the centre
Wants=${parts.map(({ name }) => unitOf(name)).join(' ')}

[Install]
WantedBy=multi-user.target
`;
}

/** A wrong setting leaves to the parts what they had to start from; flows says in its log what is wrong. */
function preparingText(places: Places): string {
  const { data, settings } = places;
  const environment = `Environment=SABHA_CONFIG=${join(settings, 'sabha.json')} SABHA_DATA=${data}`;
  return `[Unit]
Description=Sabha: keys and settings of its parts

[Service]
Type=oneshot
ExecStart=${nodeOf(places)} ${join(places.current, 'start.ts')} --prepare
${environment}
${caged('flows', places)}
IPAddressDeny=any
ReadWritePaths=${data}
`;
}

function partText({ name, args }: Part, manner: Manner, places: Places): string {
  const [script = '', ...flags] = args.toReversed();
  const command = [nodeOf(places), ...flags.toReversed(), join(places.current, script)];
  const isLocal = manner.network === 'loopback';
  return `[Unit]
Description=Sabha ${name}: ${manner.about}
Wants=${preparing} network-online.target
After=${preparing} network-online.target time-sync.target
PartOf=${target}
StartLimitIntervalSec=0

[Service]
Type=notify
# systemd-notify, which the part starts, speaks for it.
NotifyAccess=all
ExecStart=${command.join(' ')}
EnvironmentFile=${join(places.data, name, 'service.env')}
Restart=always
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=30
# A large ledger is read before the part is ready.
TimeoutStartSec=15min
TimeoutStopSec=10
WatchdogSec=${watchdogSeconds}
# What stands still takes no other.
WatchdogSignal=SIGKILL
LimitNOFILE=65536
LimitCORE=0
${caged(name, places)}
${[
  ...(manner.calls === undefined ? [] : [`SystemCallFilter=${manner.calls}`]),
  ...(isLocal ? ['IPAddressDeny=any', 'IPAddressAllow=localhost'] : []),
  ...(manner.writes.length > 0 ? [`ReadWritePaths=${manner.writes.join(' ')}`] : []),
  ...(manner.hidden.length > 0 ? [`InaccessiblePaths=${manner.hidden.map((path) => `-${path}`).join(' ')}`] : []),
].join('\n')}

[Install]
WantedBy=${target}
`;
}

function nodeOf({ current }: Places): string {
  return join(current, 'node_modules/.bin/node');
}

/** A user of its own that can nothing but its job. Memory may be written and run: V8 compiles. */
function caged(part: string, { current }: Places): string {
  const user = userOf(part);
  return `User=${user}
Group=${user}
UMask=0027
WorkingDirectory=${current}
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
KeyringMode=private
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
DevicePolicy=closed`;
}
