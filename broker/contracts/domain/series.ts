/** The only table of series: beat keys, Prometheus names and help. */

export type SeriesType = 'gauge' | 'counter' | 'histogram';
/** `divisor`: applied to the number of a beat, because links use bits and Prometheus bytes. */
export type Series = { name: string; type: SeriesType; help: string; labels: readonly string[]; divisor?: number };

const gauge = series('gauge');
const counter = series('counter');
const histogram = series('histogram');
const pcLabels = ['state', 'site', 'pc'] as const;
const siteLabels = ['state', 'site'] as const;

/** The numbers of a beat: short key on the wire and name in Prometheus. Base units, ratios 0 to 1. */
export const beatSeries = {
  up: gauge('sabha_pc_uptime_seconds', 'Time since the PC booted.', pcLabels),
  load: gauge('sabha_pc_load_ratio', 'Processor time in use, all cores, since the last beat.', pcLabels),
  mem: gauge('sabha_pc_memory_used_ratio', 'Memory in use.', pcLabels),
  disk: gauge('sabha_pc_disk_used_ratio', 'Use of the disk that holds the system.', pcLabels),
  temp: gauge('sabha_pc_temperature_celsius', 'Hottest sensor of the PC.', pcLabels),
  rtt: gauge('sabha_link_round_trip_seconds', 'Round trip from the PC to the server and back.', pcLabels),
  off: gauge('sabha_pc_clock_offset_seconds', 'Clock of the PC minus clock of the server.', pcLabels),
  rss: gauge('sabha_agent_memory_bytes', 'Resident memory of the agent.', pcLabels),
  ac: gauge('sabha_pc_on_mains', '1 on mains, 0 on battery; absent where neither battery nor UPS reports it.', pcLabels),
  bat: gauge('sabha_pc_battery_charge_ratio', 'Charge of the battery.', pcLabels),
  q: gauge('sabha_agent_spool_events', 'Events that wait in the spool for the server.', pcLabels),
  lu: gauge('sabha_link_loss_up_ratio', 'Packets lost on the way to the server.', pcLabels),
  ld: gauge('sabha_link_loss_down_ratio', 'Packets lost on the way from the server.', pcLabels),
  ju: gauge('sabha_link_jitter_up_seconds', 'Mean absolute packet delay variation on the way to the server.', pcLabels),
  jd: gauge('sabha_link_jitter_down_seconds', 'Mean absolute packet delay variation on the way from the server.', pcLabels),
  r: gauge('sabha_link_quality_r', 'E-model rating R (G.107) of the worse direction, 0 to 100.', pcLabels),
  tu: gauge('sabha_link_tier_up', 'Quality tier of the link to the server: 0 nothing, 1 audio, 2 SD, 3 HD, 4 full HD.', pcLabels),
  td: gauge('sabha_link_tier_down', 'Quality tier of the link from the server: 0 nothing, 1 audio, 2 SD, 3 HD, 4 full HD.', pcLabels),
  cu: inBits(gauge('sabha_link_capacity_up_bytes_per_second', 'Capacity of the narrowest part of the way to the server.', pcLabels)),
  cd: inBits(gauge('sabha_link_capacity_down_bytes_per_second', 'Capacity of the narrowest part of the way from the server.', pcLabels)),
  bt: gauge('sabha_link_budget_tests_ratio', 'Bytes used by tests of the link this month, as part of its limit.', pcLabels),
  bm: gauge('sabha_link_budget_telemetry_ratio', 'Bytes used by telemetry this month, as part of its limit.', pcLabels),
  sip: gauge('sabha_bridge_answer_seconds', 'How long the audio bridge took to answer.', pcLabels),
  uc: gauge('sabha_ups_charge_ratio', 'Charge of the UPS.', pcLabels),
  ur: gauge('sabha_ups_runtime_seconds', 'Remaining run time that the UPS reports.', pcLabels),
  room: gauge('sabha_room_temperature_celsius', 'Temperature of the room; absent without a sensor.', pcLabels),
  rh: gauge('sabha_room_humidity_ratio', 'Relative humidity of the room; absent without a sensor.', pcLabels),
  rise: gauge('sabha_pc_temperature_rise_ratio', 'Rise of the PC over the room temperature, 1 = as usual.', pcLabels),
} as const satisfies Record<string, Series>;

export type BeatKey = keyof typeof beatSeries;

/** Series of PCs and incidents, judged by `flows`. The exporter reads them from its API. */
export const judgedSeries = {
  pcUp: gauge('sabha_pc_up', '1 while the PC is online, 0 while it is silent or stopped.', pcLabels),
  lastSeen: gauge('sabha_pc_last_seen_timestamp_seconds', 'Time when the server last received a message of the PC.', pcLabels),
  checkStatus: gauge('sabha_check_status', 'Number of checks of the PC by component and status.', [...pcLabels, 'component', 'status']),
  lastCalled: gauge(
    'sabha_pc_last_roll_call_timestamp_seconds',
    'Time when the PC last answered a roll call with new check results.',
    pcLabels,
  ),
  roomReady: gauge(
    'sabha_room_ready',
    '1 where every check that a meeting needs is ok, 0 where one is in fault; absent if not known.',
    pcLabels,
  ),
  siteInfo: gauge('sabha_site_info', 'Always 1: stage and link class of a site.', [...siteLabels, 'stage', 'link']),
  siteElevation: gauge('sabha_site_elevation_meters', 'Elevation of a site above the sea.', siteLabels),
  siteRoomLimit: gauge(
    'sabha_site_room_temperature_limit_celsius',
    'Warmest room for a PC rated for 35 degrees: 1 degree less for each 300 m above 900 m.',
    siteLabels,
  ),
  pcOutage: gauge('sabha_pc_outage_confidence_ratio', 'Confidence of the server in the cause of an offline PC.', [...pcLabels, 'cause']),
  sites: gauge('sabha_sites', 'Sites of a state by stage.', ['state', 'stage']),
  sitesReady: gauge('sabha_sites_readiness', 'Live sites of a state by readiness.', ['state', 'readiness']),
  faultsStanding: gauge(
    'sabha_faults_standing',
    'Checks of live sites in fault, by state and fault: those of link, path, bridge, power and climate.',
    ['state', 'fault'],
  ),
  pcs: gauge('sabha_pcs', 'PCs of a state by presence.', ['state', 'presence']),
  incidentsOpen: gauge('sabha_incidents_open', 'Open incidents by severity.', ['state', 'severity']),
} as const satisfies Record<string, Series>;

/** Metrics of each process about itself. */
export const ownSeries = {
  brokerClients: gauge('sabha_broker_clients', 'Clients connected, by principal.', ['principal']),
  brokerMessages: counter('sabha_broker_messages_total', 'Messages taken from clients, by leaf.', ['leaf']),
  brokerRefused: counter('sabha_broker_refused_total', 'Requests that the broker refused, by action and reason.', ['action', 'reason']),
  brokerDropped: counter('sabha_broker_dropped_total', 'Clients that were disconnected, by principal and reason.', ['principal', 'reason']),
  brokerSlowed: counter('sabha_broker_slowed_total', 'Messages that had to wait because their PC sent too fast.', []),
  reflectorPackets: counter('sabha_reflector_packets_total', 'Packets at the reflector, by kind and result.', ['kind', 'result']),
  registryVersion: gauge('sabha_broker_registry_version', 'Version of the registry snapshot in use, 0 for none.', []),
  ingestMessages: counter('sabha_ingest_messages_total', 'Messages read by flows, by leaf and result.', ['leaf', 'result']),
  eventsApplied: counter('sabha_events_applied_total', 'Events written to the ledger.', []),
  eventsGap: counter('sabha_events_gap_total', 'Events lost: neither in the ledger nor declared dropped.', []),
  eventsDropped: counter('sabha_events_dropped_total', 'Events that agents declared dropped.', []),
  commits: counter('sabha_ledger_commits_total', 'Commits of the ledger, by result.', ['result']),
  ledgerCommit: histogram('sabha_ledger_commit_seconds', 'Time from a batch given to the ledger until it is on disk.', []),
  ledgerCommitWaiting: gauge('sabha_ledger_commit_waiting_seconds', 'Age of the oldest running commit, 0 without one.', []),
  transitions: counter('sabha_transitions_total', 'Transitions concluded, by kind and conclusion.', ['kind', 'how']),
  notifications: counter('sabha_notifications_total', 'Notifications by channel and outcome.', ['channel', 'outcome']),
  apiRefused: counter('sabha_api_refused_total', 'Requests that the API refused unread, by reason.', ['reason']),
  outboxWaiting: gauge('sabha_outbox_waiting', 'Notifications that wait to be delivered.', []),
  exporterDropped: counter('sabha_exporter_series_dropped_total', 'Series refused by the cap per site.', []),
  exporterApiUp: gauge('sabha_exporter_api_up', '1 while the API of flows answers the exporter.', []),
  exporterBrokerUp: gauge('sabha_exporter_broker_up', '1 while the exporter, and flows if its API answers, receive from the broker.', []),
  exporterBeatAge: gauge('sabha_exporter_newest_beat_age_seconds', 'Age of the newest beat received; absent before the first.', []),
  exporterBeats: counter('sabha_exporter_beats_total', 'Beats read by the exporter, by result.', ['result']),
} as const satisfies Record<string, Series>;

export const allSeries: readonly Series[] = [...Object.values(beatSeries), ...Object.values(judgedSeries), ...Object.values(ownSeries)];

export function metricOf({ name, help, labels }: Series): { name: string; help: string; labelNames: string[] } {
  return { name, help, labelNames: [...labels] };
}

function inBits<T extends Series>(one: T): T & { divisor: number } {
  return { ...one, divisor: 8 };
}

function series<const T extends SeriesType>(type: T) {
  return <const L extends readonly string[]>(name: string, help: string, labels: L) => ({ name, type, help, labels });
}
