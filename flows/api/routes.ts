/** The complete list of routes, in the order of the OpenAPI document. */
import type { FastifyInstance } from 'fastify';
import { accountRoutes, loginRoutes } from './account-routes.ts';
import { commandRoutes, incidentRoutes } from './incident-routes.ts';
import type { Route, ScopedApiParts } from './kit/route.ts';
import { rosterRoutes } from './roster-routes.ts';
import { centreRoutes, recordRoutes, tabsRoutes } from './server-routes.ts';
import { rolloutRoutes, siteRoutes } from './site-routes.ts';

export const routes: readonly Route[] = [
  ...centreRoutes,
  ...siteRoutes,
  ...incidentRoutes,
  ...rolloutRoutes,
  ...rosterRoutes,
  ...accountRoutes,
  ...commandRoutes,
  ...tabsRoutes,
  ...loginRoutes,
  ...recordRoutes,
];

export function addRoutes(app: FastifyInstance, parts: ScopedApiParts): void {
  for (const one of routes) one.add(app, parts);
}
