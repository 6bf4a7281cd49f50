import { env } from "cloudflare:workers";
import { and, eq, sql } from "drizzle-orm";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, test } from "vitest";
import { connect, type Database } from "../../src/db/client.ts";
import { apiKeys, projects, users } from "../../src/db/schema.ts";
import { askTogether, Statement } from "../../src/db/statement.ts";
import { createTenant } from "../tenant.ts";

const db = connect(env.DB);

const keyId = sql<string>`${apiKeys.id}`.as("key_id");

/** Users with a key of the scopes `admin`, or none: columns of a joined table, an expression, dates and JSON. */
const selectUsers = (database: Database, userId: string | ReturnType<typeof sql.placeholder>) =>
  database
    .select({ id: users.id, createdAt: users.createdAt, key: { scopes: apiKeys.scopes, at: apiKeys.expiresAt }, keyId })
    .from(users)
    .leftJoin(apiKeys, and(eq(apiKeys.userId, users.id), eq(apiKeys.name, "wanted")))
    .where(eq(users.id, userId));

test("a statement is built once and its rows are those of drizzle's builder, with what a join did not find as null", async () => {
  const tenant = await createTenant();
  let built = 0;
  const statement = new Statement((database) => {
    built += 1;
    return selectUsers(database, sql.placeholder("user"));
  });
  const ask = () => statement.first(db, { user: tenant.userId });

  expect(await ask()).toEqual({ id: tenant.userId, createdAt: expect.any(Date), key: null, keyId: null });
  expect([await ask()]).toEqual(await selectUsers(db, tenant.userId));

  await tenant.makeKey(["task:read"], { expiresAt: new Date("2030-01-01T00:00:00Z") });
  await db.update(apiKeys).set({ name: "wanted" }).where(eq(apiKeys.name, "task:read"));
  expect(await ask()).toMatchObject({ key: { scopes: ["task:read"], at: new Date("2030-01-01T00:00:00Z") } });
  expect([await ask()]).toEqual(await selectUsers(db, tenant.userId));
  expect(await statement.first(db, { user: "nobody" })).toBeUndefined();
  expect(built).toBe(1);
});

test("statements that are asked together answer each for itself", async () => {
  const tenant = await createTenant();
  const user = new Statement((database) => selectUsers(database, sql.placeholder("user")));
  const names = new Statement((database) =>
    database
      .select({ key: projects.key })
      .from(projects)
      .where(eq(projects.id, sql.placeholder("project"))),
  );
  const [found, [project]] = await askTogether(db, [
    user.with({ user: tenant.userId }),
    names.with({ project: tenant.projectId }),
  ]);
  expect(found).toMatchObject([{ id: tenant.userId, key: null }]);
  expect(project).toEqual({ key: "default" });
});

test("a value that is missing is told, and a statement that fails says which, without its values", async () => {
  const statement = new Statement((database) => selectUsers(database, sql.placeholder("user")));
  await expect(statement.all(db, {})).rejects.toThrow(/user/);

  const broken = new Statement((database) =>
    database
      .select({ no: sql`${sql.raw("no_such_column")}`.as("no") })
      .from(users)
      .where(eq(users.id, sql.placeholder("user"))),
  );
  const failure: unknown = await broken.all(db, { user: "secret-user" }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DrizzleQueryError);
  expect(String(failure)).not.toContain("secret-user");
});
