/** The one settings file, `sabha.json`: its schema, its defaults, and one clear line for what is wrong in it. */
import * as v from 'valibot';
import { languages } from './faults.ts';
import { describeIssue, expected, oneLine, profile } from './messages.ts';
import { isId } from './topics.ts';

const id = v.pipe(v.string(), v.check(isId, 'lower-case letters, digits and "-", at most 32, and not "all"'));
const words = v.strictObject({
  en: v.pipe(v.string(), v.minLength(1), v.maxLength(80)),
  hi: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(80))),
});
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const email = v.pipe(v.string(), v.email());

/** Whom a message can go to. A tab names roles; a person has one, for a part of the tree (`''` = everywhere). */
export const roles = ['technician', 'state', 'central'] as const;
export type Role = (typeof roles)[number];

const person = v.strictObject({
  id,
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(80)),
  role: v.picklist(roles),
  scope: v.optional(v.string(), ''),
  language: v.optional(v.picklist(languages), 'en'),
  email: v.optional(email),
});

const emailChannel = v.strictObject({
  host: v.optional(v.string(), '127.0.0.1'),
  port: v.optional(port, 25),
  from: v.optional(email, 'sabha@localhost.localdomain'),
  secure: v.optional(v.boolean(), false),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
});

const site = v.strictObject({
  state: v.optional(id, 'capital'),
  id: v.optional(id, 'this-office'),
  name: v.optional(words, { en: 'This office', hi: 'यह दफ़्तर' }),
  timeZone: v.optional(v.string(), 'Asia/Kolkata'),
  profile: v.optional(v.strictObject(profile.entries), { link: 'fibre', expected: { camera: [{}], microphone: [{}] } }),
  pcs: v.optional(v.pipe(v.array(v.strictObject({ id, room: words })), v.minLength(1)), [
    { id: 'this-pc', room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' } },
  ]),
});

export const settings = v.strictObject({
  $schema: v.optional(v.string()),
  site: v.optional(site, {}),
  people: v.optional(v.array(person), []),
  channels: v.optional(v.strictObject({ email: v.optional(emailChannel) }), {}),
  ports: v.optional(
    v.strictObject({
      mqtt: v.optional(port, 1883),
      api: v.optional(port, 1880),
      editor: v.optional(port, 1881),
      brokerMetrics: v.optional(port, 9101),
      flowsMetrics: v.optional(port, 9102),
      exporter: v.optional(port, 9103),
    }),
    {},
  ),
  /** MiB that the ledger may take of the disk; 0 = no limit of its own. */
  ledgerLimitMiB: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});

export type Settings = v.InferOutput<typeof settings>;
export type Person = v.InferOutput<typeof person>;
export type EmailChannel = v.InferOutput<typeof emailChannel>;

/** The settings, or one line that says what is wrong and where. An unknown key is wrong: a typo never starts a weaker system. */
export function readSettings(text: string, file = 'sabha.json'): { ok: true; value: Settings } | { ok: false; line: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { ok: false, line: `${file}: not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const result = v.safeParse(settings, parsed);
  if (!result.success) return { ok: false, line: `${file}: ${describeIssue(result.issues[0])}` };
  const twice = firstTwice(result.output.people.map((p) => p.id)) ?? firstTwice(result.output.site.pcs.map((p) => p.id));
  if (twice !== undefined) return { ok: false, line: `${file}: the id "${twice}" stands twice` };
  return { ok: true, value: result.output };
}

function firstTwice(ids: string[]): string | undefined {
  return ids.find((one, at) => ids.indexOf(one) !== at);
}
