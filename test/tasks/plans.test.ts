import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import { connect } from "../../src/db/client.ts";
import { listTasks, selectList, selectPage, selectTotal } from "../../src/tasks/task-list-store.ts";
import { type TaskListQuery, taskListQuery } from "../../src/tasks/task-query.ts";
import { readProject } from "../../src/tasks/project.ts";
import { createAgentClient } from "./client.ts";

const callerIn = (organizationId: string, currentProject: Caller["currentProject"]): Caller => ({
  keyId: "key",
  userId: "user",
  userNumber: 1,
  username: "owner",
  organizationId,
  organizationKey: "organization",
  projectId: null,
  currentProject,
  scopes: [],
});

const project = readProject(callerIn("organization", { id: "project", number: 7 }), "@current");

const queryOf = (text: string): TaskListQuery => taskListQuery.parse(Object.fromEntries(new URLSearchParams(text)));

/** How SQLite goes about a statement, a step a line. */
async function planOf({ sql, params }: { sql: string; params: unknown[] }): Promise<string[]> {
  const steps = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...params)
    .all<{ detail: string }>();
  return steps.results.map(({ detail }) => detail);
}

/**
 * How a page is found, shown and counted; no table is read in full, and the page is fetched by its rows' integers. What is
 * scanned is the page itself, to add up its bytes.
 */
async function plansOf(query: string) {
  const db = connect(env.DB);
  const [page, whole, count] = [
    await planOf(selectPage(db, project, queryOf(query)).toSQL()),
    await planOf(selectList(db, project, queryOf(query)).toSQL()),
    await planOf(selectTotal(db, project, queryOf(query)).toSQL()),
  ];
  for (const step of [...page, ...whole, ...count])
    expect(step, query).not.toMatch(/^SCAN (?!json_each|sized|\(subquery-\d+\))/);
  expect(whole[1]).toMatch(/^SEARCH agent_tasks USING INTEGER PRIMARY KEY \(rowid=\?\)/);
  return { page, count };
}

describe("a list's query", () => {
  test.each([
    ["", "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)"],
    ["ordering=created_at", "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)"],
    [
      "ordering=-last_activity_at",
      "agent_tasks_active (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)",
    ],
    ["internal=true", "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)"],
    [
      "created_by=1",
      "agent_tasks_creator (project_number=? AND created_by=? AND deleted_at=? AND internal=? AND archived_at=?)",
    ],
    [
      "origin_product=slack",
      "agent_tasks_origin (project_number=? AND origin_product=? AND deleted_at=? AND internal=? AND archived_at=?)",
    ],
    [
      "repository=a/b",
      "agent_tasks_repository (project_number=? AND repository=? AND deleted_at=? AND internal=? AND archived_at=?)",
    ],
    [
      "exclude_origin_product=slack",
      "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)",
    ],
    ["repository=b", "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)"],
    ["search=login", "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)"],
    ["status=completed", "agent_tasks_newest (project_number=? AND deleted_at=? AND internal=? AND archived_at=?)"],
  ])("?%s reads %s in order", async (query, index) => {
    const { page } = await plansOf(query);
    expect(page[0]).toContain(index);
    expect(page).not.toContain("USE TEMP B-TREE FOR ORDER BY");
  });

  test.each([
    "internal=all&archived=all",
    "archived=true",
    "organization=acme",
    "organization=acme&created_by=1",
    "created_by=1&ordering=-last_activity_at",
    "stage=build",
    "stage=build&status=failed&search=x&internal=all",
  ])("?%s searches an index", async (query) => {
    const { page } = await plansOf(query);
    expect(page[0]).toMatch(
      /^SEARCH agent_tasks USING (COVERING )?INDEX agent_tasks_\w+ \(project_number=\?|INDEX .*\(id=\?\)/,
    );
  });

  test("the count of the default list is read from an index alone", async () => {
    const { count } = await plansOf("");
    expect(count.join("\n")).toMatch(
      /^SEARCH agent_tasks USING COVERING INDEX .* \(project_number=\? AND deleted_at=\? AND/m,
    );
  });

  test("stages and latest runs are found by index", async () => {
    const { page } = await plansOf("stage=build&status=failed");
    expect(page.join("\n")).toContain("agent_runs_stage (project_number=? AND stage=?)");
    expect(page.join("\n")).toContain("agent_runs_task (task_id=?)");
  });
});

test("a list of any length is one round trip to D1", async () => {
  const client = await createAgentClient();
  for (const title of ["a", "b", "c"]) {
    const { id } = await client.createTask({ title });
    await client.send(`/${id}/run`, { method: "POST" });
  }
  const calls: string[] = [];
  const counted = new Proxy(env.DB, {
    get(target, name) {
      if (name === "prepare") {
        return (text: string) => {
          calls.push("statement");
          return target.prepare(text);
        };
      }
      throw new Error(`Unexpected use of D1: ${String(name)}`);
    },
  });
  const number = await env.DB.prepare("SELECT number FROM projects WHERE id = ?")
    .bind(client.projectId)
    .first("number");
  const caller = callerIn(client.id, { id: client.projectId, number: Number(number) });
  const reference = readProject(caller, client.projectId);
  // The first time, the statement is built as well.
  await listTasks(connect(env.DB), reference, queryOf(""));
  const { rows, total } = await listTasks(connect(counted), reference, queryOf(""));
  expect(rows.map(({ task, latestRun }) => [task.title, latestRun?.status])).toEqual([
    ["c", "queued"],
    ["b", "queued"],
    ["a", "queued"],
  ]);
  expect(total).toBe(3);
  expect(calls).toEqual(["statement"]);
});
