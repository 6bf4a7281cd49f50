/**
 * What an evaluation's object does by itself: begin items whose pause is over, tell items' objects what they have to do,
 * bring D1 up to date, and look whether those who are connected still may be.
 */
export type EvaluationTimer = "due" | "tell" | "project" | "passes";
