import type { Problem } from "../../../../src/client/errors.ts";
import styles from "./publish.module.css";

interface Group {
  /** The file that the problems are about. */
  about: string;
  problems: readonly Problem[];
}

/** What is wrong with an archive, or could be better: file by file. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  return (
    <ul className={styles["problems"]}>
      {groupProblems(problems).map(({ about, problems }) => (
        <li key={about}>
          <h3>{about}</h3>
          <ul>
            {problems.map((problem, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- a list that does not change
              <li key={index}>
                {problem.msg} <code className={styles["kind"]}>{problem.type}</code>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

/** Of an archive's problems `loc` is `["archive", entry]`, of a manifest's `["archive", "task.yaml", field, …]`. */
function groupProblems(problems: readonly Problem[]): Group[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const [first, second] = problem.loc;
    const about =
      first === "archive"
        ? second === undefined
          ? "The archive as a whole"
          : String(second)
        : String(first ?? "The request");
    groups.set(about, [...(groups.get(about) ?? []), problem]);
  }
  return [...groups].map(([about, list]) => ({ about, problems: list }));
}
