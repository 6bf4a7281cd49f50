import { call } from "../tenant.ts";

/** Operations that anyone may call. */
export const PUBLIC_OPERATIONS = [
  "getHealth",
  "getLinkedAgentRunLog",
  "getLinkedArtifactContent",
  "getRunTokenKey",
  "listRunTokenKeys",
  "postArtifactUpload",
];

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
  parameters?: { name: string; in: string; required?: boolean; example?: unknown; schema?: { example?: unknown } }[];
  requestBody?: Part;
  responses: Record<string, Part>;
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
export function* eachOperation(document: Document) {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      yield { path, method: method.toUpperCase(), operation, name: `${method.toUpperCase()} ${path}` };
    }
  }
}
