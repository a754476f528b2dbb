/**
 * Quotas of one admitted PC at the server (R27 Quotas and back pressure). Each has its unit and reason, and a test that names it.
 * An honest PC stays far below: about 3 messages a minute and a megabyte a day.
 */

const kibibyte = 1_024;

export const budgets = {
  /** Bytes of a message, enough for a batch of events or the full state of a large room. */
  messageBytes: { most: 64 * kibibyte },
  /** Nesting levels of a message. An inventory has 5; deeper nesting can overflow a recursive reader. */
  messageDepth: { most: 16 },
  /** Values and keys of a message. A batch of 500 events has about 8,000. */
  messageValues: { most: 16_384 },
  /** Checks of a state, with those of later differences. A room has about 25. */
  checks: { most: 256 },
  /** Faults of a room at one time. The most severe are kept. */
  faults: { most: 64 },
  /** Cleared faults remembered per PC, as many as `faults`. The newest ones are kept, because they show flapping. */
  remembered: { most: 64 },
  /** Highest event number. At the broker's rate limit a PC reaches it in 1,700 years. */
  eventNumber: { most: 2 ** 40 },
  /** Events counted as one gap. A spool of 64 MB with at least 64 bytes per event holds no more. */
  gap: { most: 2 ** 20 },
  /** Ranges read from a tombstone. An agent writes no more ranges into one tombstone. */
  tombstoneRanges: { most: 1_000 },
  /**
   * Ranges of a PC's spools, or 16 times as many consecutive events, processed in one commit, which takes a tenth of a second. The rest
   * follows with the next message, so that other PCs do not wait.
   */
  spoolWalk: { most: 8_192 },
  /** Events a day, four times those of an honest PC. Further events wait in the spool of the PC. */
  eventsADay: { most: 5_000 },
  /** Unused daily events that a PC may accumulate, to send a month's backlog at once. */
  eventsGathered: { most: 524_288 },
  /** Bytes of events a day, as many as a whole spool. */
  eventBytesADay: { most: 64 * kibibyte * kibibyte },
  /** Burst of events after a start of `flows`: those of a week of an honest PC, in addition to its backlog. */
  eventsAtOnce: { most: 8_192 },
  eventBytesAtOnce: { most: 2 * kibibyte * kibibyte },
  /** Events in flight without an ack. An agent waits for the ack of each batch of 500. */
  eventsUnacknowledged: { most: 2_048 },
  /** Cost of a spool without a birth, counted in events, because it takes many rows. 16 such spools cost as much as `eventsAtOnce`. */
  spoolEvents: { most: 512 },
  /** Milliseconds of a commit from which on its largest writer is named in the log: the acks of all other PCs wait as long. */
  commitMs: { most: 1_000 },
  /** Births, states and inventories in an hour. A link that drops every half minute causes 480. */
  wordsAnHour: { most: 600 },
  /** Burst of births, states and inventories, as when somebody connects and disconnects devices. */
  wordsAtOnce: { most: 120 },
  /**
   * Number per hour of byes, last gasps, and beats that request the time or open a session. A link that drops every half minute causes 240.
   */
  signsAnHour: { most: 600 },
  /** Burst of the same messages, equal to `wordsAtOnce`. */
  signsAtOnce: { most: 120 },
  /** Bytes of births, states and inventories in an hour, as many as 600 full states of a room. */
  wordBytesAnHour: { most: 4 * kibibyte * kibibyte },
  /** Burst of these bytes, as many as 120 full states of a large room. */
  wordBytesAtOnce: { most: kibibyte * kibibyte },
  /** Births a day with another spool or an earlier first number. A failing disk causes one at each start. */
  spoolsADay: { most: 64 },
  /** Burst of such births, enough for the starts of one hour on a failing disk. */
  spoolsAtOnce: { most: 16 },
  /** Stored changes of check results a day. A link that flaps all day causes 2,000. */
  changesADay: { most: 8_192 },
  /** Burst of stored changes, enough for a room during a day of commissioning. */
  changesAtOnce: { most: 2_048 },
  /** Changes of a component returned by one query, the newest ones. A link that flaps all day causes 2,000. */
  changesRead: { most: 2_048 },
  /** Components in one query of the history. Sabha knows about 30, which are read first. */
  componentsRead: { most: 64 },
  /** Transitions of a room's incidents in an hour, enough to raise and clear every fault of a room once. */
  transitionsAnHour: { most: 40 },
  /** Transitions kept per incident: the first one and the newest ones. */
  stepsKept: { most: 128 },
  /**
   * Transitions of a room or a group incident notified within 60 s, as many as a person can read. The next transition waits until fewer lie
   * within the last 60 s.
   */
  toldAMinute: { most: 6 },
  /**
   * Notifications of a room or a group incident in an hour, all-clears included: raised, cleared, raised again. A new critical fault is
   * notified in addition. Further transitions wait or are only counted.
   */
  messagesAnHour: { most: 3 },
  /** Notified or counted changes of a room in an hour, twice those of a flapping camera. Above this limit the PC is muted. */
  toldAnHour: { most: 8 },
  /** Notified or counted changes in an hour of a PC reported as noisy. The report and its end make three notifications of it. */
  toldOfNoisyAnHour: { most: 1 },
  /** Notifications a minute about the same single fault: one raised and one cleared. */
  sameAMinute: { most: 2 },
  /** Milliseconds for which a noisy PC is muted, so it causes at most one notification an hour. */
  noisyMs: { most: 3_600_000 },
  /** Lines a minute about one cause in the log or the audit log. The first line is sufficient. */
  logLinesAMinute: { most: 1 },
} as const;
