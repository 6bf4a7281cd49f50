import { call } from "../tenant.ts";

/** Operations that anyone may call, whoever they say they are, each with the reason. */
export const PUBLIC_OPERATIONS: Record<string, string> = {
  getHealth: "tells whether the server is up, and nothing else",
  getLinkedAgentRunLog: "the link's signature is the permission",
  getLinkedArtifactContent: "the link's signature is the permission",
  postArtifactUpload: "the form's signature is the permission",
  getRunTokenKey: "a public key, by which agents' servers check tokens",
  listRunTokenKeys: "public keys, by which agents' servers check tokens",
};

interface Media {
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Part {
  content?: Record<string, Media>;
}

/** The parts of an OpenAPI operation that tests look at. */
export interface DocumentedOperation {
  operationId: string;
  tags: string[];
  summary?: string;
  security?: unknown[];
  "x-required-scope"?: string;
  /** Whether a key that is bound to a project is refused. */
  "x-project-keys"?: "refused";
  /** Which token of a run is taken in place of a key. */
  "x-run-token"?: "stream" | "events" | "agent" | "environment";
  parameters?: { name: string; in: string; required?: boolean; example?: unknown; schema?: { example?: unknown } }[];
  requestBody?: Part;
  responses: Record<string, Part>;
}

/** An operation with its method and path. */
export interface Operation {
  name: string;
  method: string;
  path: string;
  operation: DocumentedOperation;
}

interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, DocumentedOperation>>;
}

/** The document as the Worker serves it. */
export async function readDocument(): Promise<Document> {
  return (await call("/openapi.json")).json<Document>();
}

/** Every operation of the document with its method and path. */
export function* eachOperation(document: Document): Generator<Operation> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      yield { path, method: method.toUpperCase(), operation, name: `${method.toUpperCase()} ${path}` };
    }
  }
}
