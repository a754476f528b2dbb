/** Operational notices that an operator sends to the persons of a scope or group, as the ledger keeps them. */

/** What was said, by whom, to which scope or group of the roster, and to whom that was. */
export type Announcement = { id: number; at: number; by: string; to: string; text: string; persons: string[] };

/** What became of the message to one person over one channel. */
export type AnnouncementSent = { person: string; channel: string; state: 'waiting' | 'delivered' | 'refused'; reason: string | null };

/** A notice, where its messages stand, and when each person said that they have read it. */
export type AnnouncementState = { announcement: Announcement; sent: AnnouncementSent[]; read: { person: string; at: number }[] };

/** Begins the key of each of its rows in the outbox. */
export function announcementPrefix(id: number): string {
  return `announcement/${id}/`;
}
