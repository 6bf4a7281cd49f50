import { buildApp } from "../../src/app.ts";
import { buildOpenApiDocument } from "../../src/http/openapi.ts";
import packageJson from "../../package.json" with { type: "json" };

/** A JSON Schema, as far as it is looked at here. */
export interface Schema {
  $ref?: string;
}

type Content = Record<string, { schema?: Schema }>;

export interface Parameter {
  in: string;
  name: string;
  required?: boolean;
  description?: string;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
  security?: unknown;
}

/** The OpenAPI document, as far as the client is made of it. */
export interface ClientDocument {
  paths: Record<string, Record<string, Operation>>;
}

/** Path parameters that the client fills in where they are left out: `organization`, `workspace` and `project` of its options. */
const CLIENTS_OWN = new Set(["org", "ws", "project_id"]);

/** Protocols that have clients of their own. */
const LEFT_OUT_TAGS = new Set(["OCI push", "OCI registry"]);

/** Operations that are no calls: WebSockets and event streams, for which the client has functions of its own; links; a runner's own. */
const LEFT_OUT = new Set([
  "connectEnvironmentMachine",
  "connectRunner",
  "downloadEnvironmentArchive",
  "followEvaluation",
  "getLinkedAgentRunLog",
  "getLinkedArtifactContent",
  "openEnvironmentTerminal",
  "postArtifactUpload",
  "streamAgentRun",
]);

/**
 * The document that the client is generated from: the Worker's own, without the operations that it leaves out, and
 * without errors, which the client throws as classes.
 */
export function buildClientDocument(): ClientDocument {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what buildOpenApiDocument makes has this form
  const document = structuredClone(buildOpenApiDocument(buildApp(), packageJson.version)) as ClientDocument;
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (LEFT_OUT.has(operation.operationId) || operation.tags.some((tag) => LEFT_OUT_TAGS.has(tag))) {
        delete item[method];
      } else {
        fitToClient(operation);
      }
    }
    if (Object.keys(item).length === 0) delete document.paths[path];
  }
  return document;
}

function fitToClient(operation: Operation): void {
  delete operation.security;
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === "path" && CLIENTS_OWN.has(parameter.name)) {
      parameter.required = false;
      parameter.description = `${parameter.description ?? parameter.name}; the client's own where it is left out`;
    }
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (Number(status) >= 400) delete operation.responses[status];
    // What can also be had as an event stream is asked for as JSON.
    else if (response.content?.["application/json"]) delete response.content["text/event-stream"];
  }
}
