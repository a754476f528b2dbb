/** SMS over any gateway with an HTTP interface. `sabha.json` holds its URL, headers and body, with blanks for the values. */
import { type Clock, loadText, StartError, setting } from '@sabha/contracts';
import { parse } from 'csv-parse/sync';

import * as v from 'valibot';
import type { Channel, ChannelKind, DeliveryReports, HookCall, HookReply } from '../../../engine/records/notices.ts';
import { smsOf } from '../sms/sms.ts';
import { createGateway, gatewayFields, isPhone } from './kit/gateway.ts';
import type { Fetch } from './kit/http.ts';
import { plainLine } from './kit/plain.ts';
import { isSameSecret, loadToken, type ReportSettings, reportFields, reportOf, reportsIn, valuesOfCall } from './kit/reports.ts';

const { about } = setting;
const gatewaySettings = v.strictObject({
  ...gatewayFields('{to}, {text}, {template} (the id by which the text is registered), {secret}, {key}'),
  templatesFile: about(
    v.string(),
    'CSV with the columns id and dlt: for each text of "sabha words export" the id that the operator gave it.',
  ),
  form: v.optional(about(v.picklist(['fixed', 'open']), 'The form that is registered, of the two.'), 'fixed'),
  reports: v.optional(
    about(v.strictObject(reportFields), 'How the gateway reports the delivery. Absent: an accepted message counts as delivered.'),
  ),
});

export type SmsGatewaySettings = v.InferOutput<typeof gatewaySettings>;

export const smsKind: ChannelKind<typeof gatewaySettings> = {
  name: 'sms',
  words: { en: 'SMS', hi: 'एसएमएस' },
  settings: gatewaySettings,
  single: true,
  once: true,
  open(settings, { clock, reports: takes }) {
    const { secretFile, templatesFile, reports } = settings;
    const secret = secretFile === undefined ? '' : loadText(secretFile).trim();
    const registered = readRegistered(loadText(templatesFile), templatesFile);
    const heard = reports && takes && { ...reports, token: loadToken(reports.tokenFile), takes };
    return createSms({ settings, secret, registered, clock, reportHook: heard, fetch: globalThis.fetch });
  },
};

/** `registered`: the operator's id of each text. `reportHook`: how to read delivery reports and who receives them; absent: there are none. */
export type SmsChannelOptions = {
  settings: Omit<SmsGatewaySettings, 'secretFile' | 'templatesFile' | 'reports'>;
  clock: Clock;
  reportHook?: (ReportSettings & { token: string; takes: Pick<DeliveryReports, 'take'> }) | undefined;
  secret: string;
  registered: ReadonlyMap<string, string>;
  fetch: Fetch;
};

/**
 * Creates the SMS channel.
 * Guarantee: only a registered text is sent. `delivered` means that the gateway accepted the SMS or, with reports, that the phone received
 * it. No reason contains the secret.
 */
export function createSms({ settings, secret, registered, clock, reportHook: heard, fetch }: SmsChannelOptions): Channel {
  const { form } = settings;
  const post = createGateway({ settings, secret, clock, fetch });
  return {
    lists: (language) => registered.has(`many.${language}.${form}`),
    async send(message, person, signal) {
      const to = person.addresses['sms'] ?? '';
      if (!isPhone(to)) return { result: 'refused', reason: `${person.id} has no phone number` };
      const { language, link, shortLink = link, over, alerts } = message;
      // If the incident has ended, the registered text for an end is used.
      const notice = over ? { ...message.notice, kind: 'cleared' as const } : message.notice;
      const sms = smsOf(notice, { language, form, link: shortLink, alerts });
      const template = registered.get(sms.template);
      if (template === undefined) return { result: 'refused', reason: `the text ${sms.template} has no id in the file of the templates` };
      if (sms.wrong !== undefined) return { result: 'refused', reason: `the text ${sms.template}: ${sms.wrong}` };
      const outcome = await post(to, { text: sms.text, template }, { key: message.key, signal });
      return outcome.result === 'accepted' && heard === undefined ? { result: 'delivered' } : outcome;
    },
    ...(heard && { receiveCall: (call: HookCall) => handleDeliveryReport(call, heard) }),
  };
}

/** Passes each final report to the outbox, and ignores any other content. */
async function handleDeliveryReport(
  call: HookCall,
  { token, takes, ...settings }: NonNullable<SmsChannelOptions['reportHook']>,
): Promise<HookReply> {
  if (!isSameSecret(call.token, token)) return { status: 401 };
  for (const said of reportsIn(valuesOfCall(call), settings)) {
    const report = reportOf(said, settings);
    if (report !== undefined) await takes.take({ channel: 'sms', ...report });
  }
  return { status: 200 };
}

/** Returns the operator's ids by the text ids of Sabha. Throws a one-line error if the file is invalid. */
export function readRegistered(csv: string, file: string): Map<string, string> {
  const row = v.looseObject({ id: v.string(), dlt: v.pipe(v.string(), v.regex(/^\d{10,25}$/)) });
  let rows: unknown[] = [];
  try {
    rows = parse(csv, { columns: true, bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw new StartError(`${file}: ${plainLine((error as Error).message)}`);
  }
  return new Map(
    rows.map((one, at) => {
      const read = v.safeParse(row, one);
      if (!read.success) throw new StartError(`${file}: line ${at + 2}: id and dlt (10 to 25 digits) are needed`);
      return [read.output.id, read.output.dlt] as const;
    }),
  );
}
