/**
 * THE table of what one admitted PC may ask of the centre (R27): each number with its unit and its reason, each held by a test that names it.
 * An honest PC stays far below all of them: it says some 3 messages a minute and writes about a megabyte a day.
 */

/** One number of the table. */
export type Budget = { readonly most: number; readonly unit: string; readonly why: string };

const kibibyte = 1_024;

/** Every number, by its name. */
export const budgets = {
  messageBytes: { most: 64 * kibibyte, unit: 'bytes of a message', why: 'a batch of events, or a full state of a large room' },
  messageDepth: { most: 16, unit: 'levels of a message', why: 'an inventory has 5; what is nested deeper overflows whoever walks it' },
  messageValues: { most: 16_384, unit: 'values and keys of a message', why: 'a batch of 500 events has some 8,000' },
  checks: { most: 256, unit: 'checks of a state, differences added', why: 'a room has some 25' },
  faults: { most: 64, unit: 'faults of a room at once', why: 'more than anybody can mend at once; the most severe count' },
  remembered: { most: 64, unit: 'ended faults remembered of a PC', why: 'as many as may stand; the newest tell who flaps' },
  eventNumber: { most: 2 ** 40, unit: 'highest number of an event', why: 'a PC at the broker’s pace reaches it in 1,700 years' },
  gap: { most: 2 ** 20, unit: 'events counted of one gap', why: 'a spool of 64 MB holds no more, since none takes less than 64 bytes' },
  tombstoneRanges: { most: 1_000, unit: 'ranges read of a tombstone', why: 'an agent writes no more into one' },
  spoolWalk: {
    most: 8_192,
    unit: 'ranges of its spools, or 16 times as many events side by side, walked in one commit',
    why: 'a tenth of a second; what is more goes on with the next word, so that nobody waits for it',
  },
  eventsADay: { most: 5_000, unit: 'events a day', why: 'four times an honest PC; what is more waits in its own spool' },
  eventsGathered: {
    most: 524_288,
    unit: 'events that gather of those while a PC is quiet',
    why: 'a PC that was away for a month says all of it at once',
  },
  eventBytesADay: { most: 64 * kibibyte * kibibyte, unit: 'bytes of events a day', why: 'a whole spool' },
  eventsAtOnce: { most: 8_192, unit: 'events in one breath after a start', why: 'a week of an honest PC, beside what waited' },
  eventBytesAtOnce: { most: 2 * kibibyte * kibibyte, unit: 'bytes of events in one breath after a start', why: 'as much as those weigh' },
  eventsUnacknowledged: { most: 2_048, unit: 'events sent without an ack', why: 'an agent waits for the ack of each batch of 500' },
  spoolEvents: { most: 512, unit: 'events that a spool costs without a birth', why: 'it takes many rows; 16 cost as much as one breath' },
  commitMs: { most: 1_000, unit: 'ms of a commit before its largest writer is named', why: 'the acks of all other PCs wait as long' },
  wordsAnHour: { most: 600, unit: 'births, states and inventories an hour', why: 'a link that drops each half minute makes 480' },
  wordsAtOnce: { most: 120, unit: 'births, states and inventories in one breath', why: 'a room that is set up while somebody plugs' },
  signsAnHour: {
    most: 600,
    unit: 'goodbyes, last gasps, and beats that ask for the time or open a session, an hour',
    why: 'a link that drops each half minute makes 240',
  },
  signsAtOnce: { most: 120, unit: 'of those in one breath', why: 'as many as words' },
  wordBytesAnHour: { most: 4 * kibibyte * kibibyte, unit: 'bytes of those an hour', why: '600 full states of a room' },
  wordBytesAtOnce: { most: kibibyte * kibibyte, unit: 'bytes of those in one breath', why: '120 full states of a large room' },
  spoolsADay: { most: 64, unit: 'births a day with another spool or an earlier first', why: 'a failing disk makes a spool a start' },
  spoolsAtOnce: { most: 16, unit: 'of those in one breath', why: 'an hour of starts on such a disk' },
  changesADay: { most: 8_192, unit: 'changes of its answers kept a day', why: 'a link that flaps all day makes 2,000' },
  changesAtOnce: { most: 2_048, unit: 'of those in one breath', why: 'a room that is set up all day' },
  changesRead: {
    most: 2_048,
    unit: 'changes of a component read at once, the newest',
    why: 'a link that flaps all day makes 2,000 of its own',
  },
  componentsRead: { most: 64, unit: 'components of which strips are read', why: 'Sabha knows some 30, and those are read first' },
  transitionsAnHour: { most: 40, unit: 'steps of a room’s incidents an hour', why: 'every fault of a room, one by one, there and gone' },
  stepsKept: {
    most: 128,
    unit: 'steps kept of an incident',
    why: 'the first says how it began, the others how it is; more than anybody reads',
  },
  toldAMinute: { most: 6, unit: 'of them told a minute', why: 'what a person can read; the next waits for the minute to end' },
  messagesAnHour: {
    most: 3,
    unit: 'messages an hour of a room, or of a cause of many, all-clears with them',
    why: 'it broke, it is well, it broke again; what is critical and new is told besides, the rest waits, or is counted',
  },
  toldAnHour: {
    most: 8,
    unit: 'news of a room an hour, told or counted',
    why: 'twice what a flapping camera makes; with more its PC is muted',
  },
  toldOfNoisyAnHour: {
    most: 1,
    unit: 'of those once its PC is named for anything',
    why: 'with its end and the name that is three messages',
  },
  sameAMinute: { most: 2, unit: 'of them told a minute that name nothing but one fault', why: 'it is there, and it is gone' },
  noisyMs: { most: 3_600_000, unit: 'ms that a noisy PC is quiet for', why: 'people hear of it at most once an hour' },
  logLinesAMinute: { most: 1, unit: 'log and audit lines a minute', why: 'the first says it' },
} as const satisfies Record<string, Budget>;
