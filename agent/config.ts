/** The agent's own settings: read from the environment, checked, and one clear line about what is wrong. */
import * as v from 'valibot';
import { describeIssue, isPcPath, linkClasses, type Profile, profile } from '#contracts';

const needed = (name: string) => v.pipe(v.string(`${name} is not set`), v.minLength(1, `${name} is not set`));
const number = (name: string, low: number, high: number) =>
  v.pipe(
    v.string(),
    v.transform(Number),
    v.check((value) => value >= low && value <= high, `${name}: a number from ${low} to ${high} is expected`),
  );
const port = v.pipe(number('SABHA_MQTT_PORT', 1, 65_535), v.integer('SABHA_MQTT_PORT: a whole number is expected'));

const environment = v.object({
  SABHA_PC: v.pipe(needed('SABHA_PC'), v.check(isPcPath, 'SABHA_PC: a path state/site/pc of small letters, digits and "-" is expected')),
  SABHA_TOKEN_FILE: needed('SABHA_TOKEN_FILE'),
  SABHA_DATA: needed('SABHA_DATA'),
  SABHA_MQTT_HOST: v.optional(needed('SABHA_MQTT_HOST'), '127.0.0.1'),
  SABHA_MQTT_PORT: v.optional(port, '1883'),
  SABHA_LINK: v.optional(v.picklist(linkClasses, `SABHA_LINK: one of ${linkClasses.join(', ')} is expected`), 'fibre'),
  SABHA_PROFILE: v.optional(v.pipe(v.string(), v.parseJson(undefined, 'SABHA_PROFILE: not JSON'), profile)),
  SABHA_SPEED: v.optional(number('SABHA_SPEED', 0.01, 10_000), '1'),
  SABHA_EPOCH: v.optional(number('SABHA_EPOCH', 0, Number.MAX_SAFE_INTEGER)),
});

export type AgentSettings = {
  pc: string;
  tokenFile: string;
  /** The agent's own folder. */
  dataDir: string;
  host: string;
  port: number;
  /** What to judge against until the centre has sent a configuration. */
  profile: Profile;
  /** Factor of the clock, and since when it counts (milliseconds since 1970); absent = since the start. */
  speed: number;
  epochMs?: number;
};

export function readAgentSettings(
  env: Record<string, string | undefined>,
): { ok: true; value: AgentSettings } | { ok: false; line: string } {
  const read = v.safeParse(environment, env);
  if (!read.success) return { ok: false, line: lineOf(read.issues[0]) };
  const { output } = read;
  return {
    ok: true,
    value: {
      pc: output.SABHA_PC,
      tokenFile: output.SABHA_TOKEN_FILE,
      dataDir: output.SABHA_DATA,
      host: output.SABHA_MQTT_HOST,
      port: output.SABHA_MQTT_PORT,
      profile: output.SABHA_PROFILE ?? { link: output.SABHA_LINK, elevationM: 0, expected: {} },
      speed: output.SABHA_SPEED,
      ...(output.SABHA_EPOCH !== undefined && { epochMs: output.SABHA_EPOCH }),
    },
  };
}

function lineOf(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('SABHA_') ? issue.message : describeIssue(issue);
}
