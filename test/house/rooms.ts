/** THE table of rooms: what each folder is about, on which floor it stands, which file to open first. CONTRIBUTING shows it, `architecture.test.ts` holds it. */

/**
 * A folder named by the one thing it is about. It imports itself and lower floors of its part.
 * `enter`: the file to open first, by which other rooms come in if they do at all, though not by it alone; absent = the file named like the room;
 * null = a shelf of things that stand side by side.
 */
export type Room = {
  path: string;
  floor: number;
  about: string;
  enter?: string | null;
  /** Folders below it that are no rooms of their own. */
  with?: readonly string[];
};
/** `lines`: the most that it may have, blank lines and comments not counted: what it has and what its next issue brings. */
export type Part = { path: string; lines: number; rooms: readonly Room[] };

/** Of a room. */
export const roomLimits = { files: 15, lines: 2_500 };
/** Code files that may lie loose at the root of a part: its processes and their wiring. */
export const looseLimit = 5;

export const parts: readonly Part[] = [
  {
    path: 'broker/contracts',
    lines: 5_705,
    rooms: [
      { path: 'broker/contracts/kit', floor: 1, about: 'what every process uses: clock, start, session, certificates, log', enter: null },
      {
        path: 'broker/contracts/domain',
        floor: 2,
        about: 'what Sabha is about: states, sites, faults, links, heights',
        enter: null,
        with: ['faults'],
      },
      { path: 'broker/contracts/domain/words', floor: 3, about: 'what people read of the domain, in every language, once' },
      {
        path: 'broker/contracts/terminal',
        floor: 3,
        about: 'what a person at a terminal reads: in which language, in which words, while it takes long',
        enter: 'lines.ts',
      },
      { path: 'broker/contracts/wire', floor: 3, about: 'what goes over the wire: topics, messages, commands, packets', enter: null },
      { path: 'broker/contracts/centre', floor: 4, about: 'what the centre offers (its API) and is set to', enter: null },
      { path: 'broker/contracts', floor: 5, about: 'the one face: `#contracts`', enter: 'index.ts' },
    ],
  },
  {
    path: 'agent',
    lines: 16_500,
    rooms: [
      { path: 'agent/spool', floor: 1, about: 'the durable queue of events' },
      { path: 'agent/store', floor: 1, about: 'small things kept on the disk: configuration, boot marker, memory, log', enter: null },
      { path: 'agent/analysis', floor: 1, about: 'pure figures', enter: null },
      { path: 'agent/platform', floor: 1, about: 'what may be asked of an operating system, and whether a meeting runs' },
      { path: 'agent/platform/linux', floor: 3, about: 'how Linux answers' },
      { path: 'agent/platform/linux/desktop', floor: 2, about: 'the servers of sound and picture of a session', enter: null },
      { path: 'agent/platform/windows', floor: 3, about: 'how Windows answers, over one small interface to it' },
      { path: 'agent/platform/windows/native', floor: 2, about: 'that interface: calls into the libraries of Windows, its programs' },
      { path: 'agent/net', floor: 2, about: 'counted sockets and the protocols on them', enter: null },
      {
        path: 'agent/platform/questions',
        floor: 4,
        about: 'what else may be asked of a system, a question a file with its reading for each system',
        enter: null,
      },
      {
        path: 'agent/identity',
        floor: 3,
        about: 'who this PC is: key, certificate, settings; `enrol.ts`: how it gets a certificate, first or anew; `renewal.ts`: when',
      },
      { path: 'agent/install', floor: 4, about: 'the packages of the agent; how Windows gets and loses it' },
      { path: 'agent/measure', floor: 5, about: 'the line of the site: rounds of quality, capacity' },
      { path: 'agent/update', floor: 4, about: 'newer versions: found, brought, tried, taken back', enter: 'watch.ts' },
      {
        path: 'agent/checks',
        floor: 6,
        about: 'who asks (probe, runner), and what was last answered (check table, inventory)',
        enter: 'runner.ts',
      },
      { path: 'agent/probes/room', floor: 7, about: 'probes of what a meeting sees and hears', enter: null },
      { path: 'agent/probes/link', floor: 7, about: 'probes of the line and the way to the centre', enter: null },
      { path: 'agent/probes/pc', floor: 7, about: 'probes of the PC, its power and its climate', enter: null },
      { path: 'agent/uplink', floor: 7, about: 'all that is said to the centre' },
      { path: 'agent/commands', floor: 7, about: 'orders, carried out once' },
      { path: 'agent/self-test', floor: 7, about: '`check` for a person' },
      { path: 'agent/card', floor: 8, about: 'the room card: one HTML file for whoever sits at the PC' },
      { path: 'agent/probes', floor: 8, about: 'THE list of probes' },
      { path: 'agent/seats', floor: 9, about: 'the seat in the session of the signed-in user: `run` and `room`, joined by a socket' },
      { path: 'agent/assembly', floor: 10, about: 'the agent as a whole: its parts put together, and its life', enter: 'agent.ts' },
      { path: 'agent', floor: 11, about: 'the processes and their wiring', enter: 'main.ts' },
    ],
  },
  {
    path: 'broker',
    lines: 1_800,
    rooms: [
      { path: 'broker/admission', floor: 1, about: 'who may connect, and on what' },
      { path: 'broker/protection', floor: 2, about: 'how much one client may ask', enter: 'conduct.ts' },
      { path: 'broker/engines', floor: 2, about: 'other brokers in our place', enter: null },
      { path: 'broker/reflector', floor: 3, about: 'UDP: probes and trains are answered' },
      { path: 'broker', floor: 4, about: 'the process and its wiring', enter: 'main.ts' },
    ],
  },
  {
    path: 'flows',
    lines: 31_430,
    rooms: [
      { path: 'flows/records', floor: 0, about: 'what the ledger holds, types only', enter: null },
      {
        path: 'flows/audit',
        floor: 1,
        about: 'what was done, as a chain that proves itself, and how a person is taken out of it',
        enter: 'chain.ts',
      },
      {
        path: 'flows/ledger/retention',
        floor: 2,
        about: 'what leaves the ledger for its age: events for archives, what is deleted, free pages',
      },
      {
        path: 'flows/ledger/spools',
        floor: 2,
        about: 'which numbers of a spool are held, lost or settled, and how far it is acknowledged',
      },
      { path: 'flows/ledger', floor: 3, about: 'SQLite; `main.ts` alone opens it' },
      {
        path: 'flows/outages',
        floor: 2,
        about: 'what the absence of a PC says; `pc.ts`: what one PC says of itself (`presenceOf`: is it silent)',
      },
      { path: 'flows/memory', floor: 2, about: 'what the engine holds, and what of it is to be written', enter: null },
      { path: 'flows/handling', floor: 2, about: 'what people do about an incident: taken, assigned, fixed, quiet', enter: 'handling.ts' },
      { path: 'flows/correlation', floor: 2, about: 'one cause of many: what stands for the PCs, sites and rooms that went with it' },
      { path: 'flows/sites', floor: 2, about: 'the tree of places, its life, the profile of each PC and how it is sent', enter: null },
      { path: 'flows/accounts', floor: 2, about: 'logins' },
      {
        path: 'flows/people/channels/kit',
        floor: 2,
        about: 'what several channels use: HTTP, their pace, plain text, HTML, buttons',
        enter: null,
      },
      { path: 'flows/people/channels', floor: 3, about: 'THE list of channels' },
      { path: 'flows/roster', floor: 3, about: 'who is told: the roster, who is on duty, and who stands in', enter: 'told.ts' },
      {
        path: 'flows/people/sms',
        floor: 3,
        about: 'the short texts as India’s operators register them: templates, their length, their lint',
        enter: 'export.ts',
      },
      {
        path: 'flows/calendar',
        floor: 3,
        about: 'meetings, hours of offices, and what time it is at one: `when.ts`',
        enter: 'when.ts',
      },
      { path: 'flows/maintenance', floor: 4, about: 'times in which nothing of a place is told: planned, judged, and when they are' },
      {
        path: 'flows/transitions',
        floor: 3,
        about: 'one incident and its faults, and what of it goes over the wires to people: in order, never forgotten',
      },
      {
        path: 'flows/incidents',
        floor: 4,
        about: 'the pure engine: from state and silence to incidents and transitions',
        enter: 'engine.ts',
      },
      {
        path: 'flows/backup/format',
        floor: 4,
        about: 'a backup as a file: packed, compressed, sealed, and proven as it is read',
        enter: 'backup-file.ts',
      },
      {
        path: 'flows/archive',
        floor: 5,
        about: 'events that left the ledger: one sealed file a month, written, proven, read and given up',
        enter: 'retention.ts',
      },
      {
        path: 'flows/backup',
        floor: 6,
        about: 'the centre comes back: its backups, their proof, a restore, and by what a ledger that went back is known',
      },
      { path: 'flows/node-red', floor: 5, about: 'the tabs run here; `tabs.ts`: which are loaded, and what a Deploy may change' },
      {
        path: 'flows/cli/kit',
        floor: 2,
        about: 'what the verbs use: the client of the API, the shape of a verb, tables as text',
        enter: null,
      },
      { path: 'flows/cli/verbs', floor: 3, about: 'what `sabha` can do: a group of verbs a file, each a client of the API', enter: null },
      { path: 'flows/cli', floor: 7, about: '`sabha`: words of a call to a verb; `verbs.ts`: the list of them' },
      { path: 'flows/people', floor: 5, about: 'who is told; `words.ts`: in which words; the outbox', enter: 'outbox.ts' },
      {
        path: 'flows/people/direct',
        floor: 6,
        about: 'what is said without an incident: central past the outbox, a test of a channel, a word',
      },
      { path: 'flows/people/copies', floor: 6, about: 'messages that stand with people, and what is written below them since' },
      {
        path: 'flows/duty',
        floor: 6,
        about: 'what members of the roster have of it: each week what it lacks, duty by a word, duty as a calendar',
        enter: 'weekly.ts',
      },
      { path: 'flows/announce', floor: 6, about: 'notices to many of the roster: who got one, who read it' },
      { path: 'flows/ingest', floor: 5, about: 'what comes in: read, applied, committed, acknowledged' },
      {
        path: 'flows/replay',
        floor: 6,
        about: 'what the tabs did with a message, and what others would have done with those of the last days',
      },
      { path: 'flows/nodes/kinds', floor: 6, about: 'what each of our nodes does', enter: null },
      { path: 'flows/nodes', floor: 7, about: 'their shells, as Node-RED loads them', enter: null },
      {
        path: 'flows/pki',
        floor: 7,
        about: 'who may connect: authority, enrolment, registry; `servers.ts`: certificates of the centre itself',
      },
      { path: 'flows/commands', floor: 6, about: 'orders to PCs, and the queue of measurements' },
      { path: 'flows/view', floor: 7, about: 'what the API shows' },
      { path: 'flows/outside', floor: 8, about: 'what programs of others are told: Alertmanager, and the heartbeat of the whole way' },
      { path: 'flows/door', floor: 8, about: 'who comes in through the API, and to what' },
      { path: 'flows/answers', floor: 9, about: 'what people answer without a login, by a link or a button; `routes.ts`: its page' },
      { path: 'flows/rollcall', floor: 8, about: 'the roll call' },
      { path: 'flows/api/bytes', floor: 9, about: 'what the API sends as bytes: the wall, files, streams, transfers', enter: null },
      { path: 'flows/api/kit', floor: 10, about: 'what routes are made of: the shape of a row, what requests may say', enter: 'route.ts' },
      { path: 'flows/api', floor: 11, about: 'HTTP: the doors and their routes', enter: 'server.ts' },
      { path: 'flows/assembly', floor: 12, about: '`flows` put together: its ledger, its people, its tabs', enter: null },
      { path: 'flows', floor: 13, about: 'the process and its wiring', enter: 'main.ts' },
    ],
  },
  {
    path: 'dashboards',
    lines: 4_560,
    rooms: [
      { path: 'dashboards/exporter', floor: 1, about: 'series for Prometheus' },
      { path: 'dashboards/grafana', floor: 1, about: 'the dashboards as code', enter: 'generate.ts' },
      { path: 'dashboards/wall/words', floor: 1, about: 'how the wall speaks: words, times, what a check is about', enter: 'words.js' },
      { path: 'dashboards/wall/live', floor: 2, about: 'what the wall knows, from the API and its stream', enter: 'data.js' },
      { path: 'dashboards/wall/parts', floor: 3, about: 'pieces that several views show', enter: 'parts.js' },
      { path: 'dashboards/wall/views', floor: 4, about: 'nation, site, incident, roll call', enter: null },
      { path: 'dashboards/wall', floor: 5, about: 'the two pages: the wall and the login', enter: 'wall.js' },
      { path: 'dashboards', floor: 6, about: 'the process and its wiring', enter: 'main.ts' },
    ],
  },
  {
    path: 'centre',
    lines: 1_050,
    rooms: [
      { path: 'centre/machine', floor: 1, about: 'where on a machine the centre stands, its users, the programs it is installed by' },
      { path: 'centre/units', floor: 2, about: 'its parts as services of systemd' },
      { path: 'centre/release', floor: 3, about: 'releases side by side, and which one is in use' },
      { path: 'centre/verbs', floor: 4, about: 'install, upgrade, go back, uninstall' },
      { path: 'centre', floor: 5, about: 'the process and its wiring', enter: 'cli.ts' },
    ],
  },
];
