/** What the exporter reads of the API's snapshot; whatever else stands in it is left unread. */
import * as v from 'valibot';
import { describeIssue, isPcPath, linkClasses, presences, severities, statuses } from '#contracts';

const time = v.nullable(v.pipe(v.number(), v.finite()));
const label = v.pipe(v.string(), v.maxLength(128));

const site = v.object({ site: label, state: label, link: v.picklist(linkClasses) });
const check = v.object({ component: label, status: v.picklist(statuses) });
const pc = v.object({
  pc: v.pipe(v.string(), v.check(isPcPath, 'Invalid path of a PC')),
  site: label,
  state: label,
  presence: v.picklist(presences),
  heardAt: time,
  checks: v.array(check),
});
const incident = v.object({ scope: label, severity: v.picklist(severities), overAt: time });
const snapshot = v.object({ subscribed: v.boolean(), sites: v.array(site), pcs: v.array(pc), incidents: v.array(incident) });

export type FleetSnapshot = v.InferOutput<typeof snapshot>;
export type PcNow = FleetSnapshot['pcs'][number];

/** The snapshot in an answer of the API, or one line that says where it is none. */
export function readSnapshot(answer: unknown): { ok: true; value: FleetSnapshot } | { ok: false; line: string } {
  const result = v.safeParse(snapshot, answer);
  if (result.success) return { ok: true, value: result.output };
  return { ok: false, line: `not a snapshot: ${describeIssue(result.issues[0])}` };
}
