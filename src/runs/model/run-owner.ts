/** What a run was made for beside its task: the item of an evaluation (docs/evaluations.md). Nobody but the runs' own room sees it. */
export interface RunOwner {
  /** The item's object is told whenever the run's status has changed. */
  itemId: string;
  /** What the run's agent is given beside what every agent is. */
  agent?: OwnedAgent;
}

/** How an agent of an evaluation is to work. */
export interface OwnedAgent {
  /** What the evaluation asks for; it is up to the agent of the runner whether to carry it out. */
  command: string | null;
  env: Record<string, string>;
  model: string;
  /** The environment of its task, with a token that opens it. */
  environment: { id: string; organizationId: string; organizationKey: string; workspaceKey: string; token: string };
}
