import { createTenant } from "../tenant.ts";
import { packTask, publish } from "./archives.ts";

export interface Item {
  loc: (string | number)[];
  msg: string;
  type: string;
}

export type Files = Record<string, string>;
export type Yaml = Record<string, unknown>;

export const COMPOSE = `
services:
  web:
    build: ./challenge
    ports: ["8080:80", "127.0.0.1:9000:9001/tcp"]
  db:
    image: postgres
    expose: [5432, "6000-6002"]
  api:
    image: api
    ports: [{ target: 3000, published: 3001 }]
`;

export const WITH_COMPOSE: Files = { "docker-compose.yaml": COMPOSE, "challenge/Dockerfile": "FROM scratch\n" };

export const compose = (services: unknown): Files => ({
  ...WITH_COMPOSE,
  "docker-compose.yaml": JSON.stringify({ services }),
});

/** Publishes a task with these fields and files, and gives the answer's items and body. */
export async function publishTask(yaml: Yaml, files: Files = {}) {
  const tenant = await createTenant();
  const answer = await publish(tenant, packTask(yaml, files));
  const body: Record<string, unknown> & { errors?: Item[]; warnings?: Item[] } = await answer.json();
  return { tenant, status: answer.status, body };
}
