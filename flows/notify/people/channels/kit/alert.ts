/** An incident as a Prometheus alert: for the API of Alertmanager, and in its webhook format. */
import { createHash } from 'node:crypto';
import { nameIn, titleIn } from '@sabha/contracts';
import type { Notice } from '../../../../engine/records/notices.ts';
import { plainLine } from './plain.ts';

type AlertFacts = Pick<Notice, 'incident' | 'severity' | 'scope' | 'site' | 'room'> & {
  fault: string;
  startsAt: number;
  endsAt: number | null;
  link?: string | undefined;
};

export type Alert = ReturnType<typeof alertOf>;

/** End time of an alert that is still open. Alertmanager uses the zero time of the language Go for it. */
const lasting = '0001-01-01T00:00:00Z';

/** Builds the alert of an incident. Names are annotations and never labels, so that no device name adds a label. */
export function alertOf({ incident, fault, severity, scope, site, room, startsAt, endsAt, link = '' }: AlertFacts) {
  const place = [site, room].map((name) => plainLine(nameIn(name, 'en'))).filter((name) => name !== '');
  const title = titleIn(fault, 'en') ?? fault;
  return {
    labels: { alertname: fault, severity, scope, ...(incident !== null && { incident: `${incident}` }) },
    annotations: { summary: `${place.join(', ') || scope}: ${title}`, site: place[0] ?? '', room: place[1] ?? '' },
    startsAt: new Date(startsAt).toISOString(),
    endsAt: endsAt === null ? lasting : new Date(endsAt).toISOString(),
    generatorURL: link,
  };
}

/** Builds the webhook body of Alertmanager, version 4, with this one alert. */
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
