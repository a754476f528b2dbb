/** Schemas of the API stream events that the exporter reads. Other fields are ignored. */

import { isPcPath, issueText, linkClasses, outageCauses, presences, readinesses, severities, siteStages, statuses } from '@sabha/contracts';
import * as v from 'valibot';

const time = v.pipe(v.number(), v.finite());
const label = v.pipe(v.string(), v.maxLength(128));
const path = v.pipe(v.string(), v.check(isPcPath, 'Invalid path of a PC'));

const site = v.object({
  site: label,
  state: label,
  stage: v.picklist(siteStages),
  link: v.picklist(linkClasses),
  elevationM: v.pipe(v.number(), v.finite()),
  readiness: v.picklist(readinesses),
});
/** Drops the key `fault` from a check without a fault, as nearly all checks have none, to save memory. */
const check = v.pipe(
  v.object({ component: label, status: v.picklist(statuses), fault: v.optional(v.nullable(label)) }),
  v.transform(({ fault, ...rest }): { component: string; status: (typeof statuses)[number]; fault?: string } =>
    typeof fault === 'string' ? { ...rest, fault } : rest,
  ),
);
const pc = v.object({
  pc: path,
  site: label,
  state: label,
  presence: v.picklist(presences),
  heardAt: v.nullable(time),
  calledAt: v.nullable(time),
  checks: v.array(check),
  readiness: v.picklist(readinesses),
  outage: v.optional(v.nullable(v.object({ cause: v.picklist(outageCauses), confidence: v.pipe(v.number(), v.finite()) })), null),
});
const incident = v.object({ id: v.number(), scope: label, severity: v.picklist(severities), overAt: v.nullable(time) });

const snapshot = v.object({ subscribed: v.boolean(), sites: v.array(site), pcs: v.array(pc), incidents: v.array(incident) });
const change = v.object({
  subscribed: v.boolean(),
  sites: v.optional(v.array(site), []),
  sitesGone: v.optional(v.array(label), []),
  pcs: v.optional(v.array(pc), []),
  pcsGone: v.optional(v.array(label), []),
  heard: v.optional(v.record(v.string(), time), {}),
  incidents: v.optional(v.array(incident), []),
});

export type FleetSnapshot = v.InferOutput<typeof snapshot>;
/** The changes since the last event. */
export type FleetChange = v.InferOutput<typeof change>;
export type SiteNow = FleetSnapshot['sites'][number];
export type PcNow = FleetSnapshot['pcs'][number];
export type FleetEvent = { event: 'snapshot'; value: FleetSnapshot } | { event: 'change'; value: FleetChange };

/** Decodes an event of the stream. The value is undefined for another event name; `line` says where the data is invalid. */
export function readEvent(name: string, data: string): { ok: true; value: FleetEvent | undefined } | { ok: false; line: string } {
  if (name !== 'snapshot' && name !== 'change') return { ok: true, value: undefined };
  const schema = name === 'snapshot' ? snapshot : change;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), data);
  if (result.success) return { ok: true, value: { event: name, value: result.output } as FleetEvent };
  return { ok: false, line: `not a ${name}: ${issueText(result.issues[0])}` };
}
