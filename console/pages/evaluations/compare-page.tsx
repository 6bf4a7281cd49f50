import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "wouter";
import { compareEvaluations, getEvaluation } from "../../../src/client/generated/operations.gen.ts";
import type { ComparedTask, EvaluationComparison } from "../../../src/client/generated/types.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { Facts, Page } from "../../shell/page.tsx";
import { ErrorState, LoadingState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { describeRate, RateBar } from "./rates.tsx";

/** Two evaluations, task by task, and whether their difference is more than noise. */
export function ComparePage() {
  const { yard, link } = usePlace();
  const [query] = useSearchParams();
  const ids = (query.get("ids") ?? "").split(",");
  const [a = "", b = ""] = ids;
  const compared = useQuery({
    queryKey: ["comparison", a, b],
    queryFn: async ({ signal }) => {
      const [comparison, ...both] = await Promise.all([
        compareEvaluations(yard, { query: { ids: `${a},${b}` }, signal }),
        ...[a, b].map((id) => getEvaluation(yard, { path: { evaluation_id: id }, signal })),
      ]);
      return { comparison, names: both.map(({ name }) => name) };
    },
  });
  return (
    <Page title="Compare evaluations" above={[{ name: "Evaluations", href: link("evaluations") }]}>
      {compared.isPending && <LoadingState lines={10} />}
      {compared.isError && <ErrorState error={compared.error} retry={() => compared.refetch()} />}
      {compared.data && <Comparison comparison={compared.data.comparison} names={compared.data.names} ids={[a, b]} />}
    </Page>
  );
}

function Comparison({
  comparison,
  names,
  ids,
}: {
  comparison: EvaluationComparison;
  names: readonly string[];
  ids: readonly string[];
}) {
  const { link } = usePlace();
  const [nameA = "A", nameB = "B"] = names;
  const columns: Column<ComparedTask>[] = [
    { name: "Task", wide: true, cell: ({ task_ref }) => task_ref },
    { name: `A: ${nameA}`, cell: ({ a }) => <RateBar rate={a} /> },
    { name: `B: ${nameB}`, cell: ({ b }) => <RateBar rate={b} /> },
    { name: "B minus A, points", align: "end", cell: ({ difference }) => describeDifference(difference) },
    {
      name: "Verdict",
      cell: ({ within_noise, difference }) =>
        within_noise ? "Within noise" : difference.value > 0 ? "B is better" : "A is better",
    },
  ];
  return (
    <>
      <p>
        <b>{describeVerdict(comparison, nameA, nameB)}</b>
      </p>
      <Facts
        facts={[
          [
            "A",
            <Link
              key="a"
              href={link(`evaluations/${ids[0]}`)}
            >{`${nameA}: ${describeRate(comparison.a.value)} of ${comparison.a.n}`}</Link>,
          ],
          [
            "B",
            <Link
              key="b"
              href={link(`evaluations/${ids[1]}`)}
            >{`${nameB}: ${describeRate(comparison.b.value)} of ${comparison.b.n}`}</Link>,
          ],
          ["B minus A, points", comparison.difference ? describeDifference(comparison.difference) : "–"],
          [
            "By",
            comparison.method === "mcnemar" ? "McNemar's test" : comparison.method === null ? "–" : "Paired bootstrap",
          ],
          ["Tasks in both", comparison.common_tasks],
          ["In one only", `${comparison.only_a} of A, ${comparison.only_b} of B`],
        ]}
      />
      <Table label="Comparison by task" columns={columns} rows={comparison.tasks} keyOf={({ task_ref }) => task_ref} />
    </>
  );
}

function describeDifference({ value, low, high }: { value: number; low: number; high: number }): string {
  return `${points(value)} (${points(low)} to ${points(high)})`;
}

function points(share: number): string {
  return `${share > 0 ? "+" : ""}${(share * 100).toFixed(1)}`;
}

function describeVerdict({ verdict, method, difference }: EvaluationComparison, a: string, b: string): string {
  switch (verdict) {
    case "a_better":
      return `${a} is better, by more than noise.`;
    case "b_better":
      return `${b} is better, by more than noise.`;
    case "within_noise":
      // The bootstrap decides for six tasks that differ or more (docs/evaluation-statistics.md).
      if (method === "paired_bootstrap" && difference && (difference.low > 0 || difference.high < 0))
        return "Fewer than six tasks differ: too few to tell the difference from noise.";
      return "The difference is within noise: it may be chance.";
    case "no_common_tasks":
      return "They have no task in common.";
  }
}
