/**
 * THE table of what one admitted PC may ask of the centre (R27): each number with its unit and its reason, each held by a test that names it.
 * An honest PC stays far below all of them: it says some 3 messages a minute and writes about a megabyte a day.
 */

const kibibyte = 1_024;

/** Every number, by its name. */
export const budgets = {
  /** Bytes of a message: a batch of events, or a full state of a large room. */
  messageBytes: { most: 64 * kibibyte },
  /** Levels of a message: an inventory has 5; what is nested deeper overflows whoever walks it. */
  messageDepth: { most: 16 },
  /** Values and keys of a message: a batch of 500 events has some 8,000. */
  messageValues: { most: 16_384 },
  /** Checks of a state, differences added: a room has some 25. */
  checks: { most: 256 },
  /** Faults of a room at once: more than anybody can mend at once; the most severe count. */
  faults: { most: 64 },
  /** Ended faults remembered of a PC: as many as may stand; the newest tell who flaps. */
  remembered: { most: 64 },
  /** Highest number of an event: a PC at the broker’s pace reaches it in 1,700 years. */
  eventNumber: { most: 2 ** 40 },
  /** Events counted of one gap: a spool of 64 MB holds no more, since none takes less than 64 bytes. */
  gap: { most: 2 ** 20 },
  /** Ranges read of a tombstone: an agent writes no more into one. */
  tombstoneRanges: { most: 1_000 },
  /** Ranges of its spools, or 16 times as many events side by side, walked in one commit: a tenth of a second; what is more goes on with the next word, so that nobody waits for it. */
  spoolWalk: { most: 8_192 },
  /** Events a day: four times an honest PC; what is more waits in its own spool. */
  eventsADay: { most: 5_000 },
  /** Events that a quiet PC saves up from its daily limit: after a month without a connection it may send all of them at once. */
  eventsGathered: { most: 524_288 },
  /** Bytes of events a day: a whole spool. */
  eventBytesADay: { most: 64 * kibibyte * kibibyte },
  /** Events that a PC may send at once after a start of `flows`: a week of an honest PC, in addition to its backlog. */
  eventsAtOnce: { most: 8_192 },
  /** Bytes of those events. */
  eventBytesAtOnce: { most: 2 * kibibyte * kibibyte },
  /** Events sent without an ack: an agent waits for the ack of each batch of 500. */
  eventsUnacknowledged: { most: 2_048 },
  /** Events that a spool costs without a birth: it takes many rows. 16 spools cost as much as `eventsAtOnce`. */
  spoolEvents: { most: 512 },
  /** Ms of a commit before its largest writer is named: the acks of all other PCs wait as long. */
  commitMs: { most: 1_000 },
  /** Births, states and inventories an hour: a link that drops each half minute makes 480. */
  wordsAnHour: { most: 600 },
  /** Births, states and inventories that a PC may send at once: a room in which somebody plugs devices in and out. */
  wordsAtOnce: { most: 120 },
  /** Goodbyes, last gasps, and beats that ask for the time or open a session, an hour: a link that drops each half minute makes 240. */
  signsAnHour: { most: 600 },
  /** The same messages at once: as many as `wordsAtOnce`. */
  signsAtOnce: { most: 120 },
  /** Bytes of births, states and inventories an hour: 600 full states of a room. */
  wordBytesAnHour: { most: 4 * kibibyte * kibibyte },
  /** Bytes of births, states and inventories at once: 120 full states of a large room. */
  wordBytesAtOnce: { most: kibibyte * kibibyte },
  /** Births a day with another spool or an earlier first: a failing disk makes a spool a start. */
  spoolsADay: { most: 64 },
  /** Such births at once: the starts of one hour on a failing disk. */
  spoolsAtOnce: { most: 16 },
  /** Changes of its answers kept a day: a link that flaps all day makes 2,000. */
  changesADay: { most: 8_192 },
  /** Changes of its answers kept at once: a room that is set up all day. */
  changesAtOnce: { most: 2_048 },
  /** Changes of a component read at once, the newest: a link that flaps all day makes 2,000 of its own. */
  changesRead: { most: 2_048 },
  /** Components of which strips are read: Sabha knows some 30, and those are read first. */
  componentsRead: { most: 64 },
  /** Steps of a room’s incidents an hour: every fault of a room, one by one, there and gone. */
  transitionsAnHour: { most: 40 },
  /** Steps kept of an incident: the first says how it began, the others how it is; more than anybody reads. */
  stepsKept: { most: 128 },
  /** Of them told a minute: what a person can read; the next waits for the minute to end. */
  toldAMinute: { most: 6 },
  /** Messages an hour of a room, or of a cause of many, all-clears with them: it broke, it is well, it broke again; what is critical and new is told besides, the rest waits, or is counted. */
  messagesAnHour: { most: 3 },
  /** News of a room an hour, told or counted: twice what a flapping camera makes; with more its PC is muted. */
  toldAnHour: { most: 8 },
  /** Of those once its PC is named for anything: with its end and the name that is three messages. */
  toldOfNoisyAnHour: { most: 1 },
  /** Of them told a minute that name nothing but one fault: it is there, and it is gone. */
  sameAMinute: { most: 2 },
  /** Ms that a noisy PC is quiet for: people hear of it at most once an hour. */
  noisyMs: { most: 3_600_000 },
  /** Log and audit lines a minute: the first says it. */
  logLinesAMinute: { most: 1 },
} as const;
