/** Tests the API documents: they are valid by the schema of their standard and match the real messages and routes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { agentFilters, flowsFilters, helloTopicAll, type MessageName, parseTopic } from '@sabha/contracts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { addRoutes } from '../../flows/api/routes.ts';
import { asyncApi } from './asyncapi.ts';
import { openApi } from './openapi.ts';

const load = createRequire(import.meta.url);

describe('AsyncAPI', () => {
  const document = JSON.parse(asyncApi());
  const golden: { message: string; payload: string }[] = JSON.parse(
    readFileSync(new URL('../../broker/contracts/wire/messages.golden.json', import.meta.url), 'utf8'),
  );
  const schemas = new Ajv({ strict: false, validateFormats: false });

  test('the document is valid AsyncAPI 3.0', () => {
    const validate = schemas.compile(load('@asyncapi/specs/schemas/3.0.0-without-$id.json'));
    expect(validate(document) ? [] : validate.errors).toEqual([]);
  });

  test('each channel is a topic that carries its message, and each subscribed topic has a channel', () => {
    const filled = Object.values<{ address: string; messages: object }>(document.channels).map(({ address, messages }) => ({
      topic: address.replace('{state}', 'ladakh').replace('{site}', 'leh').replace('{pc}', 'vc-1'),
      name: Object.keys(messages)[0] ?? '',
    }));
    for (const { topic, name } of filled) {
      const parsed = parseTopic(topic);
      const carried = parsed?.kind === 'pc' ? parsed.leaf : parsed?.kind === 'scope' ? parsed.word : undefined;
      expect(name.startsWith(carried ?? 'none'), topic).toBe(true);
    }
    const topics = filled.map(({ topic }) => topic);
    const read = [...agentFilters('ladakh/leh/vc-1'), helloTopicAll];
    for (const topic of read) expect(topics).toContain(topic);
    for (const filter of flowsFilters) expect(topics).toContain(filter.replace('+/+/+', 'ladakh/leh/vc-1'));
  });

  test('every golden sample of a message fits its schema, and an invalid one does not', () => {
    let fitted = 0;
    for (const [name, { payload }] of Object.entries<{ payload: object }>(document.components.messages)) {
      const message = name.replace(/(All|State|Site)$/, '') as MessageName;
      const validate = schemas.compile(payload);
      for (const sample of golden.filter((one) => one.message === message)) {
        expect(validate(JSON.parse(sample.payload)), `${name}: ${sample.payload}: ${JSON.stringify(validate.errors)}`).toBe(true);
        fitted += 1;
      }
      expect(validate('no message')).toBe(false);
    }
    expect(fitted).toBeGreaterThan(10);
  });
});

describe('OpenAPI', () => {
  test('the document is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(JSON.parse(openApi()))).toEqual({ valid: true });
  });

  test('the document lists every route of the API and no other', () => {
    const app = fastify();
    const found: string[] = [];
    app.addHook('onRoute', ({ method, url }) => {
      if (method !== 'HEAD') found.push(`${String(method).toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}')}`);
    });
    // Registers the routes with placeholders, because no handler is called.
    addRoutes(app, new Proxy({}, { get: () => ({}) }));
    const paths = Object.entries<object>(JSON.parse(openApi()).paths);
    const rows = paths.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(found.sort()).toEqual(rows.sort());
  });
});
