/** The one table of series. Beat keys, Prometheus names and help stand here and nowhere else. */

export type SeriesType = 'gauge' | 'counter';
export type Series = { name: string; type: SeriesType; help: string; labels: readonly string[] };

const pcLabels = ['state', 'site', 'pc'] as const;

/** The numbers of a beat: their short key on the wire, their name in Prometheus. Base units, ratios 0 to 1. */
export const beatSeries = {
  up: { name: 'sabha_pc_uptime_seconds', type: 'gauge', help: 'Time since the PC booted.', labels: pcLabels },
  load: { name: 'sabha_pc_load_ratio', type: 'gauge', help: 'Processor time in use, all cores, since the last beat.', labels: pcLabels },
  mem: { name: 'sabha_pc_memory_used_ratio', type: 'gauge', help: 'Memory in use.', labels: pcLabels },
  disk: { name: 'sabha_pc_disk_used_ratio', type: 'gauge', help: 'Use of the disk that holds the system.', labels: pcLabels },
  temp: { name: 'sabha_pc_temperature_celsius', type: 'gauge', help: 'Hottest sensor of the PC.', labels: pcLabels },
  rtt: { name: 'sabha_link_round_trip_seconds', type: 'gauge', help: 'Round trip from the PC to the centre and back.', labels: pcLabels },
  off: { name: 'sabha_pc_clock_offset_seconds', type: 'gauge', help: 'Clock of the PC minus clock of the centre.', labels: pcLabels },
  rss: { name: 'sabha_agent_memory_bytes', type: 'gauge', help: 'Resident memory of the agent.', labels: pcLabels },
  q: { name: 'sabha_agent_spool_events', type: 'gauge', help: 'Events that wait in the spool for the centre.', labels: pcLabels },
} as const satisfies Record<string, Series>;

export type BeatKey = keyof typeof beatSeries;

/** What the exporter says of PCs and incidents; judged by `flows`, taken from its API. */
export const judgedSeries = {
  pcUp: { name: 'sabha_pc_up', type: 'gauge', help: '1 while the PC is online, 0 while it is silent or stopped.', labels: pcLabels },
  lastSeen: { name: 'sabha_pc_last_seen_timestamp_seconds', type: 'gauge', help: 'When the centre last heard the PC.', labels: pcLabels },
  checkStatus: {
    name: 'sabha_check_status',
    type: 'gauge',
    help: 'Checks of the PC by component and answer: how many stand there.',
    labels: [...pcLabels, 'component', 'status'],
  },
  pcs: { name: 'sabha_pcs', type: 'gauge', help: 'PCs of a state by presence.', labels: ['state', 'presence'] },
  incidentsOpen: { name: 'sabha_incidents_open', type: 'gauge', help: 'Open incidents by severity.', labels: ['state', 'severity'] },
} as const satisfies Record<string, Series>;

/** What each process says of itself. */
export const ownSeries = {
  brokerClients: { name: 'sabha_broker_clients', type: 'gauge', help: 'Clients connected, by principal.', labels: ['principal'] },
  brokerMessages: { name: 'sabha_broker_messages_total', type: 'counter', help: 'Messages taken from clients, by leaf.', labels: ['leaf'] },
  brokerRefused: {
    name: 'sabha_broker_refused_total',
    type: 'counter',
    help: 'What the broker refused, by action and reason.',
    labels: ['action', 'reason'],
  },
  registryVersion: {
    name: 'sabha_broker_registry_version',
    type: 'gauge',
    help: 'Version of the registry snapshot in use, 0 for none.',
    labels: [],
  },
  ingestMessages: {
    name: 'sabha_ingest_messages_total',
    type: 'counter',
    help: 'Messages read by flows, by leaf and result.',
    labels: ['leaf', 'result'],
  },
  eventsApplied: { name: 'sabha_events_applied_total', type: 'counter', help: 'Events written to the ledger.', labels: [] },
  eventsGap: {
    name: 'sabha_events_gap_total',
    type: 'counter',
    help: 'Events lost: neither in the ledger nor declared dropped.',
    labels: [],
  },
  eventsDropped: { name: 'sabha_events_dropped_total', type: 'counter', help: 'Events that agents declared dropped.', labels: [] },
  commits: { name: 'sabha_ledger_commits_total', type: 'counter', help: 'Commits of the ledger, by result.', labels: ['result'] },
  transitions: {
    name: 'sabha_transitions_total',
    type: 'counter',
    help: 'Transitions concluded, by kind and how.',
    labels: ['kind', 'how'],
  },
  notifications: {
    name: 'sabha_notifications_total',
    type: 'counter',
    help: 'Notifications by channel and outcome.',
    labels: ['channel', 'outcome'],
  },
  outboxWaiting: { name: 'sabha_outbox_waiting', type: 'gauge', help: 'Notifications that wait to be delivered.', labels: [] },
  exporterDropped: {
    name: 'sabha_exporter_series_dropped_total',
    type: 'counter',
    help: 'Series refused by the cap per site.',
    labels: [],
  },
  exporterApiUp: { name: 'sabha_exporter_api_up', type: 'gauge', help: '1 while the API of flows answers the exporter.', labels: [] },
  exporterBeats: {
    name: 'sabha_exporter_beats_total',
    type: 'counter',
    help: 'Beats read by the exporter, by result.',
    labels: ['result'],
  },
} as const satisfies Record<string, Series>;

/** Every series of the product, for dashboards and tests. */
export const allSeries: readonly Series[] = [...Object.values(beatSeries), ...Object.values(judgedSeries), ...Object.values(ownSeries)];
