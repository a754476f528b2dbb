/** Generates OpenAPI 3.1 of the API of `flows` from its route definitions. */

import { refusal, snapshot, streamFrame } from '@sabha/contracts';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { type Route, successStatus } from '../../flows/api/kit/route.ts';
import { routes } from '../../flows/api/routes.ts';

type Answer = Route['definition']['answer'];

const components = { Snapshot: snapshot, StreamFrame: streamFrame, Refusal: refusal };

export function openApi(): string {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Sabha: the API of flows',
      version: '1',
      description:
        'On loopback, and by HTTPS where `https` in sabha.json is set. With HTTPS every route is 401 without a session or a token (`Authorization: Bearer`), but the login by HTTPS, and /healthz and /readyz on loopback. A route is 403 to an account or token that may not do it and 404 for what lies outside its scope, reading is cut to that scope, and `by` is its name whatever the body says. Without HTTPS loopback is open. Times are milliseconds since 1970 by the clock of the centre. A POST is application/json.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(Object.entries(components).map(([name, one]) => [name, schemaOf(one)])),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const refused = {
  description: 'Not done.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
};

function operation({ path, summary, definition: said }: Route) {
  const { query, body, answer, refusals = [], alsoAs } = said;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = Object.entries(query?.entries ?? {}).map(([name, one]) => ({
    name,
    in: 'query',
    schema: schemaOf(one as v.GenericSchema),
  }));
  const parameters = [...inPath, ...inQuery];
  const notDone = [...(body || query ? [400] : []), ...refusals].map((status) => [
    status,
    status === alsoAs ? { description: 'Not done.', ...contentOf(answer) } : refused,
  ]);
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: { [successStatus(said)]: { description: 'Done.', ...contentOf(answer) }, ...Object.fromEntries(notDone) },
  };
}

function contentOf(answer: Answer) {
  if (answer === undefined) return {};
  if ('about' in answer) return { description: answer.about, content: { [answer.type]: { schema: { type: 'string' } } } };
  return { content: { 'application/json': { schema: schemaOf(answer) } } };
}

function schemaOf(schema: v.GenericSchema) {
  const { $schema: _, ...made } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return made;
}
