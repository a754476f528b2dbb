/**
 * Voice calls over any provider with an HTTP interface, for feature phones at night. By key 1 the person replies "I am going", and so does
 * a missed call to the server's number.
 */
import { type Clock, loadText, type MessageLanguage, setting } from '@sabha/contracts';

import * as v from 'valibot';
import type {
  Channel,
  ChannelContext,
  ChannelKind,
  DeliveryReport,
  HookCall,
  HookReply,
  RenderedMessage,
} from '../../../engine/records/notices.ts';
import { voiceTextOf } from '../words.ts';
import { createGateway, gatewayFields, isPhone } from './kit/gateway.ts';
import type { Fetch } from './kit/http.ts';
import { timeOfDayText } from './kit/plain.ts';
import { isSameSecret, loadToken, placeInJson, reportFields, reportOf, valueAt, valuesOfCall } from './kit/reports.ts';

const { about } = setting;
const timeOfDay = v.pipe(v.string(), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 21:00'));
const { list: _, ...ofOneCall } = reportFields;
const reportSettings = v.strictObject({
  ...ofOneCall,
  delivered: about(reportFields.delivered, 'The values for a call that somebody picked up and that is over.'),
  failed: about(reportFields.failed, 'The values for a call that nobody picked up: busy, no answer. Other values are ignored.'),
  key: about(placeInJson, 'The field with the key that was pressed.'),
  caller: v.optional(
    about(placeInJson, 'The field with the number of the caller in the report of a missed call, at https://NAME/hook/voice/SECRET?missed.'),
  ),
});
const voiceSettings = v.strictObject({
  ...gatewayFields('{to}, {text} (what is read aloud), {language} (en-IN, hi-IN, mr-IN), {secret}, {key}'),
  rings: v.optional(
    about(
      v.strictObject({ from: timeOfDay, to: timeOfDay }),
      'The hours of calls to people with the channel voice, in local time of the place; the same time twice: always.',
    ),
    { from: '21:00', to: '07:00' },
  ),
  reports: about(reportSettings, 'How the gateway reports the result of a call and the key that was pressed.'),
});
type VoiceSettings = v.InferOutput<typeof voiceSettings>;

/** Calls only persons whose channel order names it, at night, and only for critical alerts. */
export const voiceKind: ChannelKind<typeof voiceSettings> = {
  name: 'voice',
  words: { en: 'phone call', hi: 'फ़ोन कॉल' },
  settings: voiceSettings,
  single: true,
  asked: true,
  newsOnly: true,
  carries:
    ({ rings }) =>
    ({ severity, kind, timeZone }, at) => {
      // The end of an incident causes no call at night.
      const isUrgent = severity === 'critical' && (kind === 'raised' || kind === 'worsened' || kind === 'direct');
      return isUrgent && isWithin(rings, timeOfDayText(at, timeZone));
    },
  open(settings, around) {
    const { secretFile, reports } = settings;
    const secret = secretFile === undefined ? '' : loadText(secretFile).trim();
    return createVoice({ settings, secret, token: loadToken(reports.tokenFile), ...around, fetch: globalThis.fetch });
  },
};

/** Spoken introduction, key prompt and transition to the repetition. */
const phrases: Readonly<Record<MessageLanguage, { hello: string; press: string; again: string; locale: string }>> = {
  en: { hello: 'This is Sabha.', press: 'Press 1 if you are going.', again: 'Once more.', locale: 'en-IN' },
  hi: { hello: 'यह सभा है.', press: 'अगर आप जा रहे हैं तो 1 दबाइए.', again: 'एक बार फिर.', locale: 'hi-IN' },
  mr: { hello: 'ही सभा आहे.', press: 'तुम्ही जात असाल तर 1 दाबा.', again: 'पुन्हा एकदा.', locale: 'mr-IN' },
};
/** The key for "I am going". There is no key for "fixed", since a caller number can be forged. */
const goingKey = '1';

/**
 * `token`: secret in the address that the provider calls. `onMissedCall`, `onAnswer` and `reports` are called after calls to that address.
 */
export type VoiceOptions = Pick<ChannelContext, 'onAnswer' | 'onMissedCall' | 'reports'> & {
  settings: Omit<VoiceSettings, 'secretFile' | 'rings'>;
  secret: string;
  token: string;
  clock: Clock;
  fetch: Fetch;
};

/**
 * Creates the voice channel.
 * Guarantee: an alert is delivered only when the person presses the key. To pick up or to hang up is not enough.
 */
export function createVoice(options: VoiceOptions): Channel {
  const { settings, secret, clock, fetch } = options;
  const post = createGateway({ settings, secret, clock, fetch });
  return {
    async send(message, person, signal) {
      const to = person.addresses['voice'] ?? '';
      if (!isPhone(to)) return { result: 'refused', reason: `${person.id} has no phone number` };
      const { locale: language } = phrases[message.language];
      return post(to, { text: spoken(message), language }, { key: message.key, signal });
    },
    receiveCall: (call) => hear(call, options),
  };
}

/** Plays the message twice, since the person may just have woken. */
function spoken({ notice, language }: RenderedMessage): string {
  const { hello, press, again } = phrases[language];
  const said = `${voiceTextOf(notice, language)}${notice.incident === null ? '' : ` ${press}`}`;
  return `${hello} ${said} ${again} ${said}`;
}

async function hear(call: HookCall, options: VoiceOptions): Promise<HookReply> {
  const { token, settings, onMissedCall } = options;
  if (!isSameSecret(call.token, token)) return { status: 401 };
  const said = valuesOfCall(call);
  const { caller, id: idAt } = settings.reports;
  if (call.query.has('missed')) {
    const number = caller === undefined ? undefined : valueAt(said, caller);
    if (number !== undefined) await onMissedCall?.('voice', number);
    return { status: 200 };
  }
  const id = valueAt(said, idAt);
  return id === undefined ? { status: 200 } : handleReport(id, said, options);
}

/** Handles a report about a call of this channel: a pressed key, or the end of the call. */
async function handleReport(
  id: string,
  said: unknown,
  { settings: { reports: reading }, reports, onAnswer }: VoiceOptions,
): Promise<HookReply> {
  const call = reports?.about('voice', id);
  const report = (outcome: DeliveryReport['outcome']) => reports?.take({ channel: 'voice', id, outcome });
  if (valueAt(said, reading.key) === goingKey) {
    // The report may arrive before the provider responds to the request for the call.
    if (call === undefined) return { status: 503 };
    const { person, incident } = call;
    if (incident !== null) await onAnswer?.({ channel: 'voice', addresses: [], person, incident, word: 'going' });
    await report({ result: 'delivered' });
    return { status: 200 };
  }
  const read = reportOf(said, reading)?.outcome;
  const isHeard = read?.result === 'delivered' && call?.incident === null;
  if (read !== undefined) await report(read.result === 'delivered' && !isHeard ? notAnswered : read);
  return { status: 200 };
}

/** Outcome if the call was answered without the right key: by another person, or by one who is half asleep. */
const notAnswered = { result: 'refused', reason: 'somebody picked up, and nobody pressed 1' } as const;

function isWithin({ from, to }: VoiceSettings['rings'], time: string): boolean {
  if (from === to) return true;
  return from < to ? from <= time && time < to : time >= from || time < to;
}
