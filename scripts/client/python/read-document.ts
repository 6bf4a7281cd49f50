import { z } from "zod";

/** A JSON Schema as the document has them: the keywords that say which Python type it is. */
export interface Schema {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  enum?: (string | number | boolean | null)[] | undefined;
  description?: string | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  items?: Schema | undefined;
  additionalProperties?: boolean | Schema | undefined;
  allOf?: Schema[] | undefined;
  anyOf?: Schema[] | undefined;
  oneOf?: Schema[] | undefined;
  not?: unknown;
}

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    description: z.string().optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    items: schema.optional(),
    additionalProperties: z.union([z.boolean(), schema]).optional(),
    allOf: z.array(schema).optional(),
    anyOf: z.array(schema).optional(),
    oneOf: z.array(schema).optional(),
    not: z.unknown().optional(),
  }),
);

const parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema,
});

const content = z.record(z.string(), z.object({ schema: schema.optional() }));

const response = z.object({
  description: z.string(),
  headers: z.record(z.string(), z.unknown()).optional(),
  content: content.optional(),
});

const operation = z.object({
  operationId: z.string(),
  tags: z.tuple([z.string()]),
  summary: z.string(),
  description: z.string().optional(),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ required: z.boolean().optional(), content }).optional(),
  responses: z.record(z.string(), response),
  "x-required-scope": z.string().optional(),
});

const documentSchema = z.object({
  info: z.object({ version: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

export type OpenApiDocument = z.output<typeof documentSchema>;
export type Operation = z.output<typeof operation>;
export type Parameter = z.output<typeof parameter>;

/** The document, as far as the generator reads it. Throws ZodError where it says something that the generator does not know. */
export function readDocument(json: unknown): OpenApiDocument {
  return documentSchema.parse(json);
}

/** The name of the component that `ref` points to. */
export function componentOf(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}
