/** An incident as an alert of Prometheus: what Alertmanager takes, and what it sends to a webhook. */
import { createHash } from 'node:crypto';
import { nameIn, titleIn } from '@sabha/contracts';
import type { Notice } from '../../../../engine/records/notices.ts';
import { plain } from './plain.ts';

/** What an alert is made of. `endsAt`: null while it lasts. */
type AlertFacts = Pick<Notice, 'incident' | 'severity' | 'scope' | 'site' | 'room'> & {
  fault: string;
  startsAt: number;
  endsAt: number | null;
  link?: string | undefined;
};

/** An alert of Prometheus. */
export type Alert = ReturnType<typeof alertOf>;

/** As Go writes no time at all: the alert lasts. */
const lasting = '0001-01-01T00:00:00Z';

/** The alert of an incident. Names are annotations: labels are what the centre itself says, so no device adds one. */
export function alertOf({ incident, fault, severity, scope, site, room, startsAt, endsAt, link = '' }: AlertFacts) {
  const place = [site, room].map((name) => plain(nameIn(name, 'en'))).filter((name) => name !== '');
  const title = titleIn(fault, 'en') ?? fault;
  return {
    labels: { alertname: fault, severity, scope, ...(incident !== null && { incident: `${incident}` }) },
    annotations: { summary: `${place.join(', ') || scope}: ${title}`, site: place[0] ?? '', room: place[1] ?? '' },
    startsAt: new Date(startsAt).toISOString(),
    endsAt: endsAt === null ? lasting : new Date(endsAt).toISOString(),
    generatorURL: link,
  };
}

/** The body that Alertmanager posts to a webhook, its version 4, with this one alert. */
export function webhookBodyOf(alert: Alert, receiver: string) {
  const status = alert.endsAt === lasting ? 'firing' : 'resolved';
  const { labels, annotations, generatorURL } = alert;
  const { incident = '', scope = '' } = labels;
  const groupLabels = incident === '' ? { scope } : { incident };
  const groupKey = `{}:{${Object.entries(groupLabels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)}}`;
  const fingerprint = createHash('sha256').update(groupKey).digest('hex').slice(0, 16);
  const common = { commonLabels: labels, commonAnnotations: annotations, externalURL: generatorURL };
  return {
    version: '4',
    groupKey,
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels,
    ...common,
    alerts: [{ status, ...alert, fingerprint }],
  };
}
